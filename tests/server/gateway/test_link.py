"""The link: what one side sends, the other gets; what is broken stays where it broke."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from kremote_proto import codec
from kremote_proto.errors import InvalidValue, LimitExceeded
from kremote_server.connections import Connections
from kremote_server.framing import CHUNK_BYTES, END, BrokenLink, frame, pack_head, split_address, unpack_head
from kremote_server.link import listen, serve
from kremote_server.link_messages import Reply, Request

T = TypeVar("T")
MOST = 3 * CHUNK_BYTES


def answer(request: Request) -> Reply:
    route = request.head["route"]
    if route == "refuse":
        raise InvalidValue("expected something else")
    if route == "boom":
        raise RuntimeError("a defect")
    if route == "pieces":
        return Reply(body=(memoryview(b"ab"), b"", b"c"), headers={"X": "y"})
    if route == "half":
        return Reply(body=_half())
    if route == "aligned":
        import numpy as np

        return Reply(body=str(np.frombuffer(request.body, np.uint8).ctypes.data % 64).encode())
    return Reply(201, codec.JSON, bytes(request.body)[::-1])


def _half() -> Iterator[bytes]:
    yield b"first"
    raise RuntimeError("in the middle")


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    listener = listen("tcp://127.0.0.1:0" if request.param == "tcp" else str(tmp_path / "s"))
    where = f"tcp://127.0.0.1:{listener.getsockname()[1]}" if request.param == "tcp" else str(tmp_path / "s")
    thread = threading.Thread(target=serve, args=(listener, answer), kwargs={"most_body_bytes": MOST}, daemon=True)
    thread.start()
    yield where
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)
    assert not thread.is_alive(), "serve ends when its socket is closed"


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


def talk(address: str, conversation: Callable[[Connections], Any]) -> Any:
    async def run() -> Any:
        connections = Connections(address)
        try:
            return await conversation(connections)
        finally:
            connections.close()

    return asyncio.run(run())


def ask(address: str, head: dict[str, Any], *body: bytes) -> tuple[dict[str, Any], bytes]:
    async def conversation(connections: Connections) -> tuple[dict[str, Any], bytes]:
        reply = await connections.request(head, pieces(*body))
        return reply.head, await reply.read()

    found: tuple[dict[str, Any], bytes] = talk(address, conversation)
    return found


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, MOST])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_arrives_whole(address: str, length: int, announced: bool) -> None:
    body = bytes(range(256)) * (length // 256) + bytes(length % 256)
    head = {"route": "echo", **({"length": length} if announced else {})}
    reply, back = ask(address, head, body[:100], body[100:])
    assert back == body[::-1]
    assert reply.pop("timing")["queue"] == 0
    assert reply == {"status": 201, "content_type": codec.JSON, "headers": {}, "length": length}


def test_a_reply_in_pieces_has_no_length(address: str) -> None:
    reply, back = ask(address, {"route": "pieces"})
    assert back == b"abc"
    reply.pop("timing")
    assert reply == {"status": 200, "content_type": codec.MSGPACK, "headers": {"X": "y"}}


@pytest.mark.parametrize("length", [100, None])
def test_a_body_starts_where_tensors_can(address: str, length: int | None) -> None:
    assert ask(address, {"route": "aligned", "length": length}, bytes(100))[1] == b"0"


@pytest.mark.parametrize(
    ("head", "body", "status", "code"),
    [
        ({"route": "refuse"}, b"", 400, "invalid_value"),
        ({"route": "boom"}, b"", 500, "internal"),
        ({"length": 5}, b"abcd", 400, "malformed_request"),
        ({"length": 3}, b"abcd", 400, "malformed_request"),
        ({"length": MOST + 1}, b"abcd", 413, "limit_exceeded"),
        ({}, bytes(MOST + 1), 413, "limit_exceeded"),
        ({}, b"no route", 500, "internal"),
    ],
)
@pytest.mark.parametrize("accept", [codec.JSON, codec.MSGPACK, "application/octet-stream", None])
def test_an_error_is_a_reply_and_the_connection_lives(
    address: str, head: dict[str, Any], body: bytes, status: int, code: str, accept: str | None
) -> None:
    async def conversation(connections: Connections) -> None:
        for _ in range(2):
            reply = await connections.request({**head, "accept": accept}, pieces(body))
            decoded = codec.decode(await reply.read(), reply.content_type)
            assert reply.status == status
            assert reply.content_type == (codec.JSON if accept == codec.JSON else codec.MSGPACK)
            assert decoded["error"]["code"] == code

    talk(address, conversation)


def test_a_reply_that_breaks_is_noticed_and_the_next_works(address: str) -> None:
    async def conversation(connections: Connections) -> None:
        reply = await connections.request({"route": "half"})
        with pytest.raises(BrokenLink):
            await reply.read()
        again = await connections.request({"route": "pieces"})
        assert await again.read() == b"abc"

    talk(address, conversation)


def test_a_reply_given_up_does_not_disturb_the_next(address: str) -> None:
    async def conversation(connections: Connections) -> None:
        reply = await connections.request({"route": "echo", "length": MOST}, pieces(bytes(MOST)))
        reply.close()
        assert await (await connections.request({"route": "pieces"})).read() == b"abc"

    talk(address, conversation)


def test_a_request_given_up_does_not_disturb_the_next(address: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(CHUNK_BYTES)
        raise LimitExceeded("too much")

    async def conversation(connections: Connections) -> None:
        with pytest.raises(LimitExceeded):
            await connections.request({"route": "echo"}, broken())
        assert await (await connections.request({"route": "pieces"})).read() == b"abc"

    talk(address, conversation)


def test_requests_at_once_do_not_wait_for_each_other(address: str) -> None:
    async def conversation(connections: Connections) -> None:
        replies = await asyncio.gather(*(connections.request({"route": "pieces"}) for _ in range(50)))
        assert [await reply.read() for reply in replies] == [b"abc"] * 50

    talk(address, conversation)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff",
        b"\x02",
        b"\x10\x00\x00\x00half",
        frame(b"\xc1") + b"\xc1" + END,
        frame(b"\x01") + b"\x01" + END,
        pack_head({"length": -1}) + END,
        pack_head({"length": "9"}) + END,
        pack_head({}) + b"\xff\xff\xff\x7f",
        pack_head({"length": 2**60}) + frame(b"ab") + b"ab" + b"\xff\xff\xff\xff",
    ],
)
def test_garbage_ends_its_own_connection_only(address: str, garbage: bytes) -> None:
    place = split_address(address)
    if isinstance(place, tuple):
        peer = socket.create_connection(place)
    else:
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(place)
    with peer:
        peer.settimeout(5)
        peer.sendall(garbage)
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(1 << 16):
            pass
    assert ask(address, {"route": "pieces"})[1] == b"abc"


def test_a_place_where_nobody_listens_is_a_broken_link(tmp_path: Path) -> None:
    with pytest.raises(BrokenLink, match="no worker listens"):
        ask(str(tmp_path / "nobody"), {"route": "hello"})


def test_a_head_is_bounded() -> None:
    with pytest.raises(LimitExceeded, match="at most 65536 bytes"):
        pack_head({"query": {"a": "x" * 70_000}})


@pytest.mark.parametrize("packed", [b"\x93\x01\x02\x03", b"", b"\xc1"])
def test_a_head_is_a_map(packed: bytes) -> None:
    with pytest.raises(BrokenLink):
        unpack_head(packed)


@pytest.mark.parametrize("address", ["tcp://", "tcp://host", "tcp://:80", "tcp://host:port"])
def test_a_bad_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"tcp://host:port|[Pp]ort"):
        split_address(address)


def test_a_unix_socket_is_its_owners_alone(tmp_path: Path) -> None:
    with listen(str(tmp_path / "s")):
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600
