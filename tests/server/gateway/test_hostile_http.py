"""What no client of good will sends: heads that two programs read differently, paths that lead elsewhere, drops."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kremote_proto import codec

from .raw_http import answered, connected, head, received, statuses
from .running import SECONDS, Running, opened, start, value

#: A request that must not be answered where it was a body, or came behind what was refused.
HIDDEN = head("GET /healthz", "Connection: close")
HEAD_SECONDS = 1.0


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that waits a second for a head."""
    running = start(tmp_path_factory.mktemp("impatient"), "--head-seconds", str(HEAD_SECONDS))
    yield running
    running.stop()


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", f"Content-Length: {len(HIDDEN)}"),
        ("Content-Length: 5", "Content-Length: 5"),
        ("Content-Length: 5, 5",),
        ("Content-Length: +5",),
        ("Content-Length: -5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5 5",),
        ("Content-Length: 99999999999999999999999",),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: identity",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Transfer-Encoding: \x0bchunked",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding:\r\n chunked", "Content-Length: 5"),
        ("Content-Length: 5", "X-Folded: a\r\n b"),
        ("Content-Length: 5\rX: a",),
        ("Content-Length: 5\nX: a",),
        ("Content-Length: 5", "X: a\x00b"),
    ],
    ids=repr,
)
def test_a_head_that_can_be_read_in_two_ways_ends_the_connection(
    server: Running, alice: httpx.Client, headers: tuple[str, ...]
) -> None:
    session = opened(alice)
    sent = head(f"POST {session}/run", *headers, token=server.tokens["alice"])
    data = answered(server, sent + b"0\r\n\r\n" + HIDDEN)
    assert statuses(data) == [400]
    refused = data.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in refused[0]
    assert codec.decode(refused[2], codec.JSON)["error"]["code"] == "malformed_request"
    assert value(alice.get(session))["requests"] == 1, "nothing of it came to the worker"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (("Transfer-Encoding: identity", "Transfer-Encoding: chunked"), "expected one transfer-encoding header; got 2"),
        (("Transfer-Encoding: gzip, chunked",), "expected transfer-encoding: chunked"),
        (("Host: evil.example",), "expected one host header; got 2"),
        (("Authorization: Bearer x",), "expected one authorization header; got 2"),
        (("Content-Type: application/json", "Content-Type: application/msgpack"), "expected one content-type header"),
        (("Kremote-Sequence: a", "Kremote-Sequence: b"), "expected one kremote-sequence header"),
        (("X: a",) * 300, "expected at most 256 headers"),
    ],
)
def test_a_header_that_says_two_things_is_refused(
    server: Running, alice: httpx.Client, headers: tuple[str, ...], expected: str
) -> None:
    session = opened(alice)
    chunked = () if any("Transfer" in header for header in headers) else ("Transfer-Encoding: chunked",)
    sent = head(f"POST {session}/run", "Accept: application/json", *headers, *chunked, token=server.tokens["alice"])
    data = answered(server, sent + b"0\r\n\r\n" + HIDDEN)
    assert statuses(data) == [400, 200]
    assert expected.encode() in data
    assert value(alice.get(session))["requests"] == 1


@pytest.mark.parametrize("size", ["ffffffffffffffffff", "-1", "0x5", "5g", " 5", ""])
def test_a_chunk_of_no_size_ends_the_connection(server: Running, alice: httpx.Client, size: str) -> None:
    session = opened(alice)
    sent = head(f"POST {session}/run", "Transfer-Encoding: chunked", token=server.tokens["alice"])
    data = answered(server, sent + f"{size}\r\nabcde\r\n0\r\n\r\n".encode() + HIDDEN)
    assert statuses(data) == [400]
    assert value(alice.get(session))["requests"] == 1


@pytest.mark.parametrize(
    "first", [b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\n", b"SSH-2.0-x\r\n", b"\r\n\r\n\x00"]
)
def test_another_protocol_is_refused(server: Running, first: bytes) -> None:
    assert statuses(answered(server, first + HIDDEN)) == [400]


TRICKS = [
    "..",
    "%2e%2e",
    "%2e%2e%2f%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "a%00b",
    "%ff%fe",
    "%",
    "%zz",
    "a//b",
    ".",
]
TRICKS += ["%0d%0aX:%20y", "a;b", "a\\..\\b", "x" * 60_000]


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: trick[:24])
def test_a_name_leads_nowhere_else(server: Running, alice: httpx.Client, bob: httpx.Client, trick: str) -> None:
    ours, theirs, logged = opened(alice), opened(bob), len(server.log)
    theirs_id = theirs.rpartition("/")[2]
    for method, path in [
        ("GET", f"{ours}/variables/{trick}"),
        ("DELETE", f"{ours}/variables/{trick}/../../../{theirs_id}/variables/w"),
        ("GET", f"{ours}/../{theirs_id}/{trick}"),
        ("DELETE", f"/v1/sessions/{trick}"),
        ("GET", f"/v1/sessions/{theirs_id}%2f{trick}"),
        ("POST", f"{ours}/ops/{trick}"),
        ("GET", f"/v1/ops/{trick}"),
        ("GET", f"/static/{trick}"),
        ("GET", f"/static/{trick}/../../tokens.py"),
        ("GET", f"/{trick}"),
        ("GET", f"/healthz/{trick}/v1/sessions"),
    ]:
        sent = head(f"{method} {path}", "Accept: application/json", "Connection: close", token=server.tokens["alice"])
        data = answered(server, sent)
        assert statuses(data)[0] in (200, 400, 404, 413), (method, path)
        body = codec.decode(data.partition(b"\r\n\r\n")[2], codec.JSON)
        if "head" in body:
            assert body["head"]["session"] == ours.rpartition("/")[2], "the session is the one that was let in"
        else:
            assert body["error"]["code"] in ("not_found", "unknown_op", "unknown_session", "limit_exceeded")
    assert value(bob.get(theirs))["requests"] == 1
    assert "Traceback" not in server.log[logged:]


@pytest.mark.parametrize("path", ["/healthz/../v1/sessions", "/static/../v1/sessions", "/healthz%2f..%2fv1%2fsessions"])
@pytest.mark.parametrize("more", ["", "?a=/healthz", "/", "//"])
def test_an_open_address_opens_no_other(server: Running, path: str, more: str) -> None:
    for tried in (path + more, "//v1/sessions" + more, "/v1/sessions;/healthz" + more):
        data = answered(server, head(f"GET {tried}", "Connection: close"))
        assert statuses(data)[0] in (401, 404)
        assert b"sessions\x90" not in data


def test_who_says_nothing_is_not_waited_for(impatient: Running) -> None:
    with connected(impatient) as connection:
        began = time.monotonic()
        assert received(connection) == b""
        assert HEAD_SECONDS - 0.1 < time.monotonic() - began < HEAD_SECONDS + 5


def drip(connection: socket.socket, data: bytes, seconds: float) -> bytes:
    """Send byte after byte for so long, or until the server has enough of it; what it said."""
    until = time.monotonic() + seconds
    for byte in data:
        if time.monotonic() > until:
            break
        with contextlib.suppress(ConnectionError):
            connection.sendall(bytes([byte]))
        if said := received(connection, 0.05):
            return said + received(connection)
    return b""


def test_a_head_in_drops_is_not_waited_for(impatient: Running) -> None:
    endless = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 1000
    with connected(impatient) as connection:
        began = time.monotonic()
        said = drip(connection, endless, 10)
        assert statuses(said) == [408]
        assert b"expected the head of a request within 1 seconds" in said
        assert time.monotonic() - began < HEAD_SECONDS + 5


def test_a_second_head_in_drops_is_not_waited_for(impatient: Running) -> None:
    with connected(impatient) as connection:
        connection.sendall(head("GET /healthz"))
        assert statuses(connection.recv(1 << 16)) == [200]
        time.sleep(HEAD_SECONDS + 0.3)
        assert statuses(drip(connection, b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 1000, 10)) == [408]


def test_an_idle_connection_is_kept(impatient: Running) -> None:
    with impatient.client(None) as client:
        for _ in range(2):
            assert client.get("/healthz").status_code == 200
            time.sleep(HEAD_SECONDS + 0.3)
    with connected(impatient) as connection:
        for _ in range(2):
            connection.sendall(head("GET /healthz"))
            assert statuses(connection.recv(1 << 16)) == [200]
            time.sleep(HEAD_SECONDS + 0.3)


def test_a_head_without_an_end_is_bounded(impatient: Running) -> None:
    for size in (1 << 17, 1 << 20):
        with connected(impatient) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nX: " + b"x" * size)
            assert statuses(received(connection)) == [431]


def test_heads_that_come_in_pieces_behind_each_other_are_many_and_short(impatient: Running) -> None:
    one = head("GET /healthz", f"X: {'x' * 5000}")
    with connected(impatient) as connection:
        connection.sendall(one[:100])
        for _ in range(60):
            time.sleep(0.002)
            connection.sendall(one[100:] + one[:100])
        connection.sendall(one[100:-2] + b"Connection: close\r\n\r\n")
        assert statuses(received(connection)) == [200] * 61


def test_bodies_in_drops_hold_up_nobody(impatient: Running) -> None:
    with impatient.client("alice") as alice, impatient.client("bob") as bob, contextlib.ExitStack() as held:
        ours, theirs = opened(alice), opened(bob)
        for number in range(40):
            connection = held.enter_context(connected(impatient))
            length = 100 if number % 2 else 1 << 20
            line = head(f"POST {ours}/run", f"Content-Length: {length}", token=impatient.tokens["alice"])
            connection.sendall(line + b"\x80")
        began = time.monotonic()
        for _ in range(20):
            assert bob.post(f"{theirs}/run", content=b"x").status_code == 200
            assert alice.post(f"{ours}/run", content=b"x").status_code == 200
        assert time.monotonic() - began < 5


def test_a_strangers_body_is_not_waited_for(impatient: Running) -> None:
    with connected(impatient) as connection:
        connection.sendall(head("POST /v1/sessions", "Content-Length: 1000000000"))
        assert statuses(connection.recv(1 << 16)) == [401]


def test_who_comes_beyond_the_bound_is_told_so_and_nobody_else(tmp_path: Path) -> None:
    running = start(tmp_path, "--connections", "20", "--head-seconds", "3")
    try:
        with running.client("alice") as client, contextlib.ExitStack() as held:
            session = opened(client)
            crowd = [held.enter_context(connected(running)) for _ in range(30)]
            refused = [data for data in (received(connection, 0.2) for connection in crowd) if data]
            assert len(refused) == 11
            for data in refused:
                assert statuses(data) == [503]
                assert b"retry-after: 1\r\n" in data
                assert b"expected at most 20 connections" in data
            for _ in range(5):
                assert client.post(f"{session}/run", content=b"x").status_code == 200
            time.sleep(3.5)  # those that say nothing are not waited for
            with running.client("bob") as newcomer:
                assert newcomer.get("/v1/status").status_code == 200
    finally:
        assert running.stop() == 0


def test_a_server_full_of_idle_connections_still_answers(tmp_path: Path) -> None:
    """As many as KREMOTE_TEST_CONNECTIONS says: a thousand here, ten thousand by hand."""
    wanted = int(os.environ.get("KREMOTE_TEST_CONNECTIONS", "1000"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + 500), hard))
    running = start(tmp_path)
    try:
        with contextlib.ExitStack() as held, running.client("alice") as client:
            session = opened(client)
            for number in range(wanted):
                connection = held.enter_context(connected(running))
                if number % 2:
                    connection.sendall(head("GET /healthz"))
                elif number % 4:
                    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
            began = time.monotonic()
            for _ in range(20):
                assert client.post(f"{session}/run", content=b"x").status_code == 200
                with running.client("bob") as newcomer:
                    assert newcomer.get("/v1/status").status_code == 200
            assert time.monotonic() - began < SECONDS / 2
        assert running.process.poll() is None
    finally:
        assert running.stop() == 0
