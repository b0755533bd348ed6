"""A request that comes again and again is answered by its worker on the client's connection, as the gateway would."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kremote_proto import codec
from kremote_server.framing import DIRECT_BYTES, LEASE_SECONDS
from kremote_server.tokens import revoke_token

from .running import SECONDS, Running, opened, start, value

#: Requests after which a lease has begun.
MANY = 8


def leased(response: httpx.Response) -> bool:
    """Whether the worker wrote a reply itself: its id is the one of the request that began the lease, and a number."""
    return "." in response.headers["kremote-request-id"]


@pytest.fixture(scope="module")
def leasing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose worker and tokens these tests may take away."""
    running = start(tmp_path_factory.mktemp("leasing"), "--backend", "fake", "--body-bytes", "1MiB")
    yield running
    running.stop()


@pytest.fixture
def client(leasing: Running) -> Iterator[httpx.Client]:
    with leasing.client() as client:
        yield client


def repeated(client: httpx.Client, address: str, times: int = MANY, content: bytes = b"x") -> list[httpx.Response]:
    return [client.post(address, content=content) for _ in range(times)]


def test_every_request_is_answered_once_and_in_order(client: httpx.Client) -> None:
    session = opened(client)
    responses = []
    for count in range(200):
        body = bytes(count * 37 % 3000)
        responses.append(client.post(f"{session}/run", content=body, headers={"kremote-sequence": f"a-{count}"}))
    seen = [value(response) for response in responses]
    assert [each["requests"] for each in seen] == list(range(1, 201))
    assert [each["length"] for each in seen] == [count * 37 % 3000 for count in range(200)]
    assert [each["head"]["length"] for each in seen] == [count * 37 % 3000 for count in range(200)]
    assert [each["head"]["sequence"] for each in seen] == [f"a-{count}" for count in range(200)]
    assert sum(map(leased, responses)) > 100


def test_a_reply_is_the_same_whoever_writes_it(client: httpx.Client) -> None:
    responses = repeated(client, f"{opened(client)}/run")
    assert (leased(responses[0]), leased(responses[-1])) == (False, True)
    names = [sorted(response.headers) for response in responses]
    assert names[-1] == names[0]
    for name in ("content-type", "cache-control", "x-content-type-options", "referrer-policy"):
        assert responses[-1].headers[name] == responses[0].headers[name]
    assert re.fullmatch(
        r"gateway;dur=[\d.]+, queue;dur=[\d.]+, compute;dur=[\d.]+", responses[-1].headers["server-timing"]
    )
    heads = [value(response)["head"] for response in responses]
    assert heads[-1] == heads[0]


@pytest.mark.parametrize("size", [0, 1, DIRECT_BYTES - 1, DIRECT_BYTES, DIRECT_BYTES + 1, 1 << 20])
def test_bodies_of_every_size(client: httpx.Client, size: int) -> None:
    session = opened(client)
    responses = [client.put(f"{session}/tensors/1?dtype=uint8", content=b"\x01" * size) for _ in range(MANY)]
    assert {(value(response)["length"], value(response)["sum"]) for response in responses} == {
        (size, (size + (1 << 16) - 1) >> 16)
    }
    assert leased(responses[-1])


def test_a_request_that_came_before_a_reply_was_complete_is_no_repetition(
    client: httpx.Client, leasing: Running
) -> None:
    path = opened(client)
    host, port = leasing.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), SECONDS) as connection, connection.makefile("rb") as replies:

        def send(op: str) -> None:
            body = b'{"seconds": 0.2}'
            lines = (f"POST {path}/ops/{op} HTTP/1.1", f"host: {host}", f"content-length: {len(body)}")
            more = ("content-type: application/json", f"authorization: Bearer {leasing.tokens['alice']}", "", "")
            connection.sendall("\r\n".join((*lines, *more)).encode() + body)

        def answered() -> str:
            assert replies.readline().startswith(b"HTTP/1.1 200")
            headers = dict(line.lower().split(b": ", 1) for line in iter(replies.readline, b"\r\n"))
            found: str = codec.decode(replies.read(int(headers[b"content-length"])), codec.JSON)["head"]["path"]["op"]
            return found

        for _ in range(2):
            send("sleep")
            assert answered() == "sleep"
        send("sleep")
        time.sleep(0.1)
        send("any")
        assert [answered(), answered()] == ["sleep", "any"]
        for _ in range(MANY):
            send("any")
            assert answered() == "any"


def test_large_replies(client: httpx.Client) -> None:
    session = opened(client)
    responses = [client.get(f"{session}/tensors/3") for _ in range(MANY)]
    assert {response.content for response in responses} == {b"".join(bytes([n]) * (1 << 20) for n in range(3))}
    assert leased(responses[-1])


def test_errors_are_the_workers_own(client: httpx.Client) -> None:
    responses = repeated(client, f"{opened(client)}/ops/refuse")
    assert leased(responses[-1])
    assert {response.status_code for response in responses} == {responses[0].status_code}
    assert responses[-1].content == responses[0].content


def test_a_reply_that_breaks_ends_the_connection(client: httpx.Client) -> None:
    session = opened(client)
    for _ in range(MANY):
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(f"{session}/ops/half")
    repeated(client, f"{session}/run")


def test_something_else_in_between_is_the_gateways(client: httpx.Client) -> None:
    first, second = opened(client), opened(client)
    for round_ in range(1, 4):
        assert leased(repeated(client, f"{first}/run")[-1])
        assert client.get("/v1/status").status_code == 200
        other = client.post(f"{second}/run", content=b"x")
        assert (leased(other), value(other)["requests"]) == (False, round_)
        assert client.get(f"{first}/nowhere").status_code == 404
        refused = client.post(f"{first}/run", content=b"x", headers={"authorization": "Bearer wrong"})
        assert refused.status_code == 401
        assert client.post(f"{first}/run", content=b"x", headers={"host": "elsewhere"}).status_code == 400
        assert client.post(f"{first}/run", content=b"x", headers={"kremote-sequence": "!"}).status_code == 400
    assert value(client.post(f"{first}/run", content=b"x"))["requests"] == 3 * MANY + 1


def test_a_body_above_the_limit_is_refused(client: httpx.Client) -> None:
    session = opened(client)
    repeated(client, f"{session}/run")
    assert client.post(f"{session}/run", content=bytes((1 << 20) + 1)).status_code == 413
    assert value(client.post(f"{session}/run"))["requests"] == MANY + 1


def test_a_body_without_a_length_is_the_gateways(client: httpx.Client) -> None:
    session = opened(client)
    repeated(client, f"{session}/run")
    response = client.post(f"{session}/run", content=iter([b"ab", b"c"]))
    assert (leased(response), value(response)["length"]) == (False, 3)


def test_each_is_counted_and_logged(leasing: Running, client: httpx.Client) -> None:
    session = opened(client)
    repeated(client, f"{session}/run", 20)
    client.get("/v1/status")
    label, until = session.rpartition("/")[2][:6], time.monotonic() + SECONDS
    while (
        len(lines := [each for each in leasing.requests() if each["session"] == label and "run" in each["route"]]) < 20
    ):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert len({line["request"] for line in lines}) == 20
    assert {(line["method"], line["route"], line["status"]) for line in lines} == {
        ("POST", "/v1/sessions/{session}/run", 200)
    }
    assert {line["bytes_in"] for line in lines} == {1}
    assert sorted(line["timestamp"] for line in lines) == [line["timestamp"] for line in lines]


def raw(running: Running, session: str, body: bytes, length: int | None = None) -> bytes:
    """A request as bytes."""
    head = (
        f"POST {session}/run HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {running.tokens['alice']}\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body


def connected(running: Running) -> socket.socket:
    url = httpx.URL(running.url)
    return socket.create_connection((url.host, url.port), SECONDS)


def bodies(connection: socket.socket, count: int) -> list[bytes]:
    """The bodies of so many replies."""
    received, found = b"", list[bytes]()
    while len(found) < count:
        head, end, rest = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if end and length and len(rest) >= int(length[1]):
            found.append(rest[: int(length[1])])
            received = rest[int(length[1]) :]
        else:
            piece = connection.recv(1 << 16)
            assert piece, received
            received += piece
    return found


def numbers(replies: list[bytes]) -> list[int]:
    return [codec.decode(reply, codec.JSON)["requests"] for reply in replies]


def test_requests_sent_without_waiting(leasing: Running, client: httpx.Client) -> None:
    one = raw(leasing, opened(client), b"abc")
    with connected(leasing) as connection:
        for first in range(1, 60, 6):
            connection.sendall(5 * one)
            assert numbers(bodies(connection, 5)) == list(range(first, first + 5))
            connection.sendall(one)
            assert numbers(bodies(connection, 1)) == [first + 5]


@pytest.mark.parametrize("cut", [1, 30, -5, -4, -3, -2, -1])
def test_a_request_in_two_pieces(leasing: Running, client: httpx.Client, cut: int) -> None:
    one = raw(leasing, opened(client), b"abc")
    with connected(leasing) as connection:
        for number in range(1, 16):
            pieces = [one[:cut], one[cut:]] if number % 5 == 0 else [one]
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.01 if len(pieces) > 1 else 0)
            assert numbers(bodies(connection, 1)) == [number]


def test_a_client_that_leaves_in_the_middle(leasing: Running, client: httpx.Client) -> None:
    session = opened(client)
    for _ in range(3):
        with connected(leasing) as connection:
            for _ in range(MANY):
                connection.sendall(raw(leasing, session, b"abc"))
                bodies(connection, 1)
            connection.sendall(raw(leasing, session, b"abc", length=DIRECT_BYTES * 4))
    seen = value(client.post(f"{session}/run"))["requests"]
    assert seen == 3 * MANY + 1, "what broke off was not run"


def test_a_lease_ends_by_itself(client: httpx.Client) -> None:
    session = opened(client)
    assert leased(repeated(client, f"{session}/run")[-1])
    time.sleep(LEASE_SECONDS + 0.5)
    responses = repeated(client, f"{session}/run", 3)
    assert [leased(response) for response in responses] == [False, True, True]


def test_a_long_request_holds_nobody_up(leasing: Running) -> None:
    with leasing.client("alice") as one, leasing.client("bob") as other:
        slow, quick = opened(one), opened(other)
        for _ in range(MANY):
            one.post(f"{slow}/ops/sleep", json={"seconds": 0.0})
        repeated(other, f"{quick}/run")
        sleeper = threading.Thread(target=lambda: one.post(f"{slow}/ops/sleep", json={"seconds": 1.0}))
        sleeper.start()
        time.sleep(0.05)
        began = time.monotonic()
        assert leased(repeated(other, f"{quick}/run", 20)[-1])
        assert time.monotonic() - began < 0.5
        sleeper.join()
        assert one.post(f"{slow}/ops/sleep", json={"seconds": 0.0}).status_code == 200


def test_many_clients_at_once(leasing: Running, client: httpx.Client) -> None:
    sessions = [opened(client) for _ in range(12)]
    counts: dict[str, list[int]] = {session: [] for session in sessions}

    def work(session: str) -> None:
        with leasing.client() as own:
            for _ in range(100):
                counts[session].append(value(own.post(f"{session}/run", content=b"x"))["requests"])

    threads = [threading.Thread(target=work, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(map(tuple, counts.values())) == {tuple(range(1, 101))}


def test_a_revoked_token_is_refused_within_a_second_or_two(tmp_path: Path) -> None:
    running = start(tmp_path, "--backend", "fake")
    with running.client() as client:
        session = opened(client)
        assert leased(repeated(client, f"{session}/run")[-1])
        revoke_token(tmp_path / "tokens", "alice")
        until = time.monotonic() + 5 * LEASE_SECONDS
        while client.post(f"{session}/run", content=b"x").status_code == 200:
            assert time.monotonic() < until
    assert running.stop() == 0


def test_no_lease_outlives_its_token_by_a_second(leasing: Running) -> None:
    ends = int(time.time()) + 4
    leasing.admit("dora", expires=ends)
    with leasing.client("dora") as client:
        session, answered_leased = opened(client), 0
        while (response := client.post(f"{session}/run", content=b"x")).status_code == 200:
            answered_leased += leased(response)
            asked = time.time()
            assert asked < ends + 1
        assert response.status_code == 401
        assert answered_leased > MANY


def test_no_lease_outlives_a_revocation_by_a_second(leasing: Running) -> None:
    leasing.admit("emma")
    with leasing.client("emma") as client:
        session = opened(client)
        assert leased(repeated(client, f"{session}/run")[-1])
        revoke_token(leasing.folder / "tokens", "emma")
        asked = revoked = time.monotonic()
        while client.post(f"{session}/run", content=b"x").status_code == 200:
            asked = time.monotonic()
        assert asked < revoked + 1


def test_a_worker_that_dies_ends_the_connection(tmp_path: Path) -> None:
    running = start(tmp_path, "--backend", "fake")
    with running.client() as client:
        session = opened(client)
        response = repeated(client, f"{session}/run")[-1]
        assert leased(response)
        os.kill(value(response)["pid"], signal.SIGKILL)
        statuses, until = [0], time.monotonic() + SECONDS
        while statuses[-1] not in (410, 503):
            assert time.monotonic() < until
            with contextlib.suppress(httpx.TransportError):  # the connection ends, as nobody knows what was begun
                statuses.append(client.post(f"{session}/run", content=b"x").status_code)
        assert 200 not in statuses
    assert running.stop() == 0


def test_a_server_that_stops_answers_what_it_is_at(tmp_path: Path) -> None:
    running = start(tmp_path, "--backend", "fake")
    answers = []
    with running.client() as client:
        session = opened(client)
        for _ in range(MANY):
            assert client.post(f"{session}/ops/sleep", json={"seconds": 0.0}).status_code == 200
        last = threading.Thread(
            target=lambda: answers.append(client.post(f"{session}/ops/sleep", json={"seconds": 1.0}))
        )
        last.start()
        time.sleep(0.2)
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 10
        last.join()
    assert [answer.status_code for answer in answers] == [200]
    assert leased(answers[0])
