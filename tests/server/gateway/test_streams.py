"""Large bodies: streamed both ways, bounded, never held by the gateway."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kremote_server.framing import DIRECT_BYTES

from .running import SECONDS, Running, error, opened, start, value

MEBIBYTE = 1 << 20
SIZE = 64 * MEBIBYTE
LIMIT = 4 * MEBIBYTE


def peak_memory(running: Running) -> int:
    """The most memory the gateway's process ever had, in bytes."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // MEBIBYTE):
        yield b"\x01" * MEBIBYTE


@pytest.mark.parametrize("announced", [True, False])
def test_an_upload_passes_through(server: Running, alice: httpx.Client, announced: bool) -> None:
    session = opened(alice)
    before = peak_memory(server)
    headers = {"content-type": "application/octet-stream", **({"content-length": str(SIZE)} if announced else {})}
    response = alice.put(f"{session}/tensors/1?dtype=uint8", content=pieces(SIZE), headers=headers)
    seen = value(response)
    assert seen["length"] == SIZE
    assert seen["sum"] == SIZE >> 16
    assert seen["head"].get("length") == (SIZE if announced else None)
    assert seen["head"]["query"] == {"dtype": "uint8"}
    assert peak_memory(server) - before < SIZE // 4


def test_a_download_passes_through(server: Running, alice: httpx.Client) -> None:
    session = opened(alice)
    before = peak_memory(server)
    received = 0
    with alice.stream("GET", f"{session}/tensors/{SIZE // MEBIBYTE}") as response:
        assert response.headers["content-length"] == str(SIZE)
        for piece in response.iter_raw():
            assert piece[0] == received // MEBIBYTE
            received += len(piece)
    assert received == SIZE
    assert peak_memory(server) - before < SIZE // 4


def test_a_reader_that_pauses_holds_nothing_up(server: Running, alice: httpx.Client, bob: httpx.Client) -> None:
    slow, quick = opened(alice), opened(bob)
    before = peak_memory(server)
    with alice.stream("GET", f"{slow}/tensors/{SIZE // MEBIBYTE}") as response:
        chunks = response.iter_raw()
        next(chunks)
        time.sleep(0.3)
        assert bob.post(f"{quick}/ops/dot").status_code == 200
        assert peak_memory(server) - before < SIZE // 4, "what is not read is not taken from the worker"
        assert sum(len(chunk) for chunk in chunks) > SIZE // 2
    assert alice.post(f"{slow}/ops/dot").status_code == 200


def test_a_reader_that_leaves_disturbs_nobody(alice: httpx.Client) -> None:
    session = opened(alice)
    for _ in range(3):
        with alice.stream("GET", f"{session}/tensors/{SIZE // MEBIBYTE}") as response:
            next(response.iter_raw())
    assert alice.post(f"{session}/ops/dot").status_code == 200


def test_a_sender_that_leaves_disturbs_nobody(server: Running) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(MEBIBYTE)
        raise RuntimeError("the laptop sleeps")

    with server.client() as client:
        session = opened(client)
        with pytest.raises(RuntimeError, match="sleeps"):
            client.put(f"{session}/tensors/1", content=broken())
        assert client.post(f"{session}/ops/dot").status_code == 200


def test_a_reply_that_breaks_is_noticed(alice: httpx.Client) -> None:
    session = opened(alice)
    with pytest.raises(httpx.RemoteProtocolError):
        alice.post(f"{session}/ops/half")
    assert alice.post(f"{session}/ops/dot").status_code == 200


def test_health_answers_while_workers_are_busy(alice: httpx.Client, stranger: httpx.Client) -> None:
    session = opened(alice)

    def sleep() -> None:
        with httpx.Client(base_url=alice.base_url, headers=alice.headers, trust_env=False, verify=False) as client:
            client.post(f"{session}/ops/sleep", json={"seconds": 0.5})

    sleepers = [threading.Thread(target=sleep) for _ in range(4)]
    for sleeper in sleepers:
        sleeper.start()
    time.sleep(0.1)
    began = time.monotonic()
    assert stranger.get("/healthz").status_code == 200
    assert alice.post(f"{session}/ops/dot").status_code == 200
    assert time.monotonic() - began < 0.3
    for sleeper in sleepers:
        sleeper.join()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    limits = {"--body-bytes": "4MiB", "--tensor-bytes": "1000", "--ids": "7", "--sessions-per-user": "20"}
    running = start(tmp_path_factory.mktemp("small"), *(word for limit in limits.items() for word in limit))
    yield running
    running.stop()


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("path", ["/run", "/ops/dot", "/tensors/1", "/variables/w"])
def test_a_body_above_the_limit_is_refused(small: Running, path: str, announced: bool) -> None:
    with small.client() as client:
        session = opened(client)
        method = "PUT" if path[1] in "tv" else "POST"
        exact, above = bytes(LIMIT), bytes(LIMIT + 1)
        body = [exact, above] if announced else [iter([exact]), iter([exact, b"x"])]
        assert client.request(method, session + path, content=body[0]).status_code == 200
        refused = client.request(method, session + path, content=body[1])
        assert refused.status_code == 413
        assert error(refused)["code"] == "limit_exceeded"
        assert str(LIMIT) in error(refused)["message"]
        assert client.post(f"{session}/ops/dot").status_code == 200


def test_a_body_that_makes_a_session_is_small(small: Running) -> None:
    with small.client() as client:
        assert client.post("/v1/sessions", content=bytes(70_000)).status_code == 413


def test_limits_are_told_to_client_and_worker(small: Running) -> None:
    with small.client() as client:
        told = value(client.post("/v1/sessions"))["limits"]
        kept = value(client.post(f"{opened(client)}/run"))["limits"]
    assert (told["body_bytes"], told["tensor_bytes"], told["ids"]) == (LIMIT, 1000, 7)
    assert kept == {name: told[name] for name in kept}


def test_a_user_has_a_bounded_number_of_sessions(small: Running) -> None:
    with small.client("bob") as bob, small.client("alice") as alice:
        first, *_ = (opened(bob) for _ in range(20))
        refused = bob.post("/v1/sessions")
        assert refused.status_code == 413
        assert "at most 20 sessions" in error(refused)["message"]
        alice.delete(opened(alice))
        assert bob.delete(first).status_code == 204
        opened(bob)


def raw_upload(
    running: Running, session: str, size: int, *, also: bytes = b"", line: str = "PUT {}/tensors/1?dtype=uint8"
) -> socket.socket:
    """A connection on which the head of an upload was sent."""
    url = httpx.URL(running.url)
    connection = socket.create_connection((url.host, url.port), SECONDS)
    connection.sendall(
        f"{line.format(session)} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: {size}\r\n"
        f"Authorization: Bearer {running.tokens['alice']}\r\nContent-Type: {_content_type(line)}\r\n".encode()
        + also
        + b"\r\n"
    )
    return connection


def _content_type(line: str) -> str:
    return "application/octet-stream" if line.startswith("PUT") else "application/msgpack"


@pytest.mark.parametrize("line", ["POST {}/run", "POST {}/ops/dot", "PUT {}/tensors/1?dtype=uint8"])
def test_bodies_around_the_size_that_passes_the_gateway(server: Running, alice: httpx.Client, line: str) -> None:
    method, address = line.format(opened(alice)).split()
    for size in (DIRECT_BYTES - 1, DIRECT_BYTES, DIRECT_BYTES + 1, 3 * DIRECT_BYTES, 1):
        headers = {"content-type": _content_type(line)}
        seen = value(alice.request(method, address, content=b"\x01" * size, headers=headers))
        assert (seen["length"], seen["head"]["length"]) == (size, size)


def test_a_program_that_breaks_off_is_not_run(server: Running, alice: httpx.Client) -> None:
    session = opened(alice)
    with raw_upload(server, session, 4 * DIRECT_BYTES, line="POST {}/run") as connection:
        connection.sendall(bytes(2 * DIRECT_BYTES))
    whole = alice.post(
        f"{session}/run", content=bytes(4 * DIRECT_BYTES), headers={"content-type": "application/msgpack"}
    )
    assert value(whole)["length"] == 4 * DIRECT_BYTES
    assert value(whole)["requests"] == 1


def test_a_connection_goes_on_after_a_large_body(server: Running, alice: httpx.Client) -> None:
    session = opened(alice)
    health = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with raw_upload(server, session, SIZE) as connection:
        connection.sendall(bytes(SIZE) + health)
        received = b""
        while not received.endswith(b"ok\n"):
            received += connection.recv(1 << 16)
    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_a_sender_may_wait_to_be_asked(server: Running, alice: httpx.Client) -> None:
    session = opened(alice)
    with raw_upload(server, session, SIZE, also=b"Expect: 100-continue\r\n") as connection:
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 100 ")
        connection.sendall(bytes(SIZE))
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")


def test_a_sender_that_leaves_is_logged_as_gone(server: Running, alice: httpx.Client) -> None:
    session = opened(alice)
    with raw_upload(server, session, SIZE) as connection:
        connection.sendall(bytes(SIZE // 2))
    until = time.monotonic() + SECONDS
    label = session.rpartition("/")[2][:6]
    while (label, 499) not in [(line["session"], line["status"]) for line in server.requests()]:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert alice.post(f"{session}/ops/dot").status_code == 200


def test_a_worker_that_dies_in_a_large_body_is_told_or_noticed(tmp_path: Path) -> None:
    running = start(tmp_path)
    try:
        with running.client() as client:
            session = opened(client)
            worker = value(client.post(f"{session}/ops/dot"))["pid"]
            with raw_upload(running, session, SIZE) as connection:
                connection.sendall(bytes(SIZE // 2))
                os.kill(worker, signal.SIGKILL)
                with contextlib.suppress(ConnectionError):  # what was still on its way made it end hard
                    assert connection.recv(1 << 16)[:13] in (b"HTTP/1.1 503 ", b"")
            until = time.monotonic() + SECONDS
            while (status := client.post(f"{session}/ops/dot").status_code) == 503:
                assert time.monotonic() < until
                time.sleep(0.05)
            assert status == 410
    finally:
        running.stop()
