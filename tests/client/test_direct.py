"""Kept connections of the client's own, against sockets that answer as servers do, or should not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from kremote.address import parse_address
from kremote.connection import Connection
from kremote.direct import Direct
from kremote.octets import Octets
from kremote.transport import Transport
from kremote_proto.codec import encode
from kremote_proto.errors import ConnectionFailed, LimitExceeded

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/msgpack\r\n"
MAP = encode({"a": 1})
WHOLE = OK + b"Content-Length: %d\r\n\r\n%s" % (len(MAP), MAP)
#: What one connection does: answers to give, one for each request. None hangs up instead.
Script = Sequence[bytes | None]


class Server:
    """Answers each connection by its script, the last one for those that follow."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.scripts = list(scripts)
        self.connections = 0
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            script = self.scripts[min(self.connections, len(self.scripts) - 1)]
            self.connections += 1
            threading.Thread(target=self._converse, args=(connection, script), daemon=True).start()

    def _converse(self, connection: socket.socket, script: Script) -> None:
        with connection:
            for answer in script:
                request = self._request(connection)
                if not request or answer is None:
                    return
                self.requests.append(request)
                connection.sendall(answer)

    @staticmethod
    def _request(connection: socket.socket) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            piece = connection.recv(1 << 16)
            if not piece:
                return b""
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), 0)
        while len(body) < length:
            body += connection.recv(1 << 16)
        return head + b"\r\n\r\n" + body


@contextmanager
def serving(*scripts: Script) -> Iterator[tuple[Server, Transport]]:
    """A server, and a client's transport to it."""
    server = Server(scripts)
    transport = Transport(
        parse_address(server.url, "secret"), timeout=5, connect_timeout=5, retry_seconds=2, sleep=lambda _: None
    )
    try:
        yield server, transport
    finally:
        transport.close()
        server.listener.close()


def test_a_connection_is_kept() -> None:
    with serving([WHOLE] * 3) as (server, transport):
        for _ in range(3):
            assert transport.call("POST", "/v1/x", {"b": 2}, sequence="s-1") == {"a": 1}
        assert server.connections == 1
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert body == encode({"b": 2})
        lines = head.decode().split("\r\n")
        assert lines[0] == "POST /v1/x HTTP/1.1"
        host = server.url.partition("//")[2]
        assert {f"host: {host}", "authorization: Bearer secret", "kremote-sequence: s-1"} <= set(lines)


def test_a_connection_that_the_server_ended_is_opened_anew() -> None:
    with serving([WHOLE], [WHOLE, WHOLE]) as (server, transport):
        for _ in range(3):
            assert transport.call("GET", "/v1/x", patient=False) == {"a": 1}
        assert server.connections == 2


def test_a_kept_connection_that_ends_at_the_next_request_is_no_failure() -> None:
    """The server ends it while the request is under way."""
    with serving([WHOLE, None], [WHOLE]) as (server, transport):
        assert transport.call("GET", "/v1/x", patient=False) == {"a": 1}
        assert transport.call("GET", "/v1/x", patient=False) == {"a": 1}
        assert server.connections == 2


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n" + MAP[:2] + b"\r\n2\r\n" + MAP[2:] + b"\r\n0\r\n\r\n",
            True,
        ),
        (OK + b"\r\n" + MAP, False),
        (OK + b"connection: close\r\ncontent-length: 4\r\n\r\n" + MAP, False),
        (WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"), False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE, True),
        (WHOLE.replace(b" OK", b""), True),
    ],
    ids=["chunks", "up to the end", "close", "old", "go on", "no reason"],
)
def test_bodies_come_in_each_of_the_ways_of_http(reply: bytes, kept: bool) -> None:
    with serving([reply] + ([reply] if kept else [])) as (server, transport):
        for _ in range(2):
            assert transport.call("GET", "/v1/x") == {"a": 1}
        assert server.connections == (1 if kept else 2)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"220 mail.example ESMTP\r\n", "gave no usable answer"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "gave no usable answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000 + b"\r\n", "gave no usable answer"),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 200_000 + b"\r\n\r\n", "gave no usable answer"),
        (OK + b"content-length: -4\r\n\r\n", "gave no usable answer"),
        (OK + b"transfer-encoding: chunked\r\n\r\nzz\r\n", "gave no usable answer"),
        (OK + b"content-le", "could not reach it"),
        (OK + b"content-length: 99999999999999999\r\n\r\n123", "could not reach it"),
    ],
)
def test_what_is_no_reply_is_said(reply: bytes, said: str) -> None:
    with serving([reply]) as (_, transport), pytest.raises(ConnectionFailed, match=said):
        transport.call("GET", "/v1/x", patient=False)


def test_a_reply_that_breaks_off_is_asked_for_again() -> None:
    with serving([WHOLE[:-2]], [WHOLE]) as (server, transport):
        assert transport.call("POST", "/v1/x", {}, sequence="s-1") == {"a": 1}
        assert len(server.requests) == 2
        assert server.requests[0] == server.requests[1]


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        transport = Transport(parse_address(url), timeout=0.05, connect_timeout=5, retry_seconds=5)
        with pytest.raises(ConnectionFailed, match=r"within 0\.05 seconds"):
            transport.call("GET", "/v1/x")


def test_a_body_refused_before_it_was_sent_is_an_error_of_the_server() -> None:
    """Servers answer 413 from the headers alone, and hang up."""
    content = encode({"error": LimitExceeded("too large").to_wire()})
    reply = b"HTTP/1.1 413 No\r\ncontent-type: application/msgpack\r\ncontent-length: %d\r\n\r\n" % len(content)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(reply + content)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 20):  # else the end of the connection would lose the reply
                    pass

        threading.Thread(target=refuse, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        transport = Transport(parse_address(url), timeout=5, connect_timeout=5, retry_seconds=0)
        with pytest.raises(LimitExceeded, match="too large"):
            transport.upload("/v1/x", np.zeros(1 << 18), sequence="s-1")
        transport.close()


def test_a_small_body_goes_with_its_head(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    whole: Callable[..., Any] = socket.socket.sendall

    def sendall(self: socket.socket, data: bytes) -> None:
        sent.append(bytes(data))
        whole(self, data)

    with serving([WHOLE]) as (server, transport):
        monkeypatch.setattr(socket.socket, "sendall", sendall)
        transport.call("POST", "/v1/x", {"b": 2})
        assert [data for data in sent if data.startswith(b"POST")] == server.requests


@pytest.mark.parametrize("gathers", [True, False])
@pytest.mark.parametrize("sizes", [(10, 100_000, 10), (70_000,), (3_000_000, 5, 70_000, 70_000), (0, 70_000, 0)])
def test_a_body_of_pieces_arrives_whole(monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...], gathers: bool) -> None:
    pieces = tuple(memoryview(np.random.default_rng(size).bytes(size)) for size in sizes)
    init = Connection.__init__

    def with_little_room(self: Connection, connected: socket.socket) -> None:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 13)  # so that not all is taken at once
        init(self, connected)
        self._gathers = gathers

    monkeypatch.setattr(Connection, "__init__", with_little_room)
    with serving([WHOLE]) as (server, transport):
        transport.call("POST", "/v1/x", pieces)
        assert server.requests[0].partition(b"\r\n\r\n")[2] == b"".join(pieces)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(600_000.0).reshape(600, 1000),
        np.arange(600_000.0).reshape(600, 1000)[::-1, ::2],
        np.arange(600_000, dtype="float32").reshape(3, 500, 400).transpose(2, 0, 1),
        np.arange(10, dtype=">i4"),
        np.zeros((0, 3)),
        np.array(3.0),
        np.broadcast_to(np.arange(5.0), (3, 5)),
    ],
    ids=["in order", "strided", "transposed", "big-endian", "empty", "scalar", "broadcast"],
)
def test_an_array_is_sent_in_c_order_little_endian(array: np.ndarray[Any, Any]) -> None:
    octets = Octets(array)
    with serving([WHOLE, WHOLE]) as (server, transport):
        transport.upload("/v1/x", array, sequence="s-1")
        wanted = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        assert server.requests[0].partition(b"\r\n\r\n")[2] == wanted
        assert len(wanted) == octets.length


def test_an_address_below_another() -> None:
    with serving([WHOLE]) as (server, _):
        address = parse_address(server.url + "/of ours")
        way = Direct(address, timeout=5, connect_timeout=5)
        with way.exchange("GET", "/v1/x", {}) as reply:
            reply.read()
        way.close()
        assert server.requests[0].startswith(b"GET /of%20ours/v1/x HTTP/1.1\r\n")


def test_threads_have_a_connection_each() -> None:
    with serving([WHOLE] * 50) as (server, transport):
        threads = [
            threading.Thread(target=lambda: [transport.call("GET", "/v1/x") for _ in range(5)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 20
        assert server.connections <= 4
