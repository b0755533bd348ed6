"""How many requests of a user come in, at a time and in a second, and what leases have of that."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kremote_proto.errors import TooManyRequests
from kremote_server.admission import Admission
from kremote_server.framing import LEASE_REQUESTS

from .running import SECONDS, Running, error, opened, start, value


def test_so_many_at_a_time_and_each_user_alone() -> None:
    admission, refused = Admission(2), list[str]()
    admission.on_refusal = refused.append
    with admission.admitted("alice"), admission.admitted("alice"):
        assert admission.under_way("alice") == 2
        with (
            pytest.raises(TooManyRequests, match="at most 2 requests of a user"),
            admission.admitted("alice"),
        ):
            pass
        with admission.admitted("bob"):
            pass
    with admission.admitted("alice"):
        pass
    assert refused == ["requests_per_user"]


def test_so_many_in_a_second_with_what_is_left_of_the_second_before() -> None:
    now = [0.0]
    admission = Admission(100, 4.0, lambda: now[0])

    def come(user: str = "alice") -> None:
        with admission.admitted(user):
            pass

    for _ in range(4):
        come()
    with pytest.raises(TooManyRequests, match="at most 4 requests of a user in a second") as caught:
        come()
    assert caught.value.retry_after == 0.25
    come("bob")
    now[0] = 0.25
    come()
    with pytest.raises(TooManyRequests):
        come()
    now[0] = 100.0
    for _ in range(4):
        come()
    with pytest.raises(TooManyRequests):
        come()


def test_a_lease_has_a_part_of_what_is_left_and_gives_back_the_rest() -> None:
    admission = Admission(100, 8.0, lambda: 0.0)
    with admission.lent("alice") as allowance:
        assert allowance.most == 4
        allowance.used = 3
        with admission.lent("alice") as other:
            assert other.most == 2
    assert admission._users["alice"].left == 5
    for _ in range(4):
        with admission.admitted("alice"):
            pass
    assert not admission.may_lend("alice")


def test_no_connection_is_lent_where_so_many_are_under_way() -> None:
    admission = Admission(3)
    with admission.lent("alice") as one, admission.lent("alice"):
        assert one.most == LEASE_REQUESTS
        assert admission.may_lend("alice")
        with admission.lent("alice"):
            assert not admission.may_lend("alice")
            assert admission.may_lend("bob")
            with admission.admitted("alice"):  # through the gateway one may come all the same
                pass
    assert admission.may_lend("alice")


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = ("--requests-per-user", "3", "--queue-length", "2")
    running = start(tmp_path_factory.mktemp("bounded"), "--backend", "fake", *options)
    yield running
    running.stop()


class Busy:
    """Requests that take long, each on a connection of its own."""

    def __init__(self, running: Running, *paths: str) -> None:
        self._running = running
        self._threads = [threading.Thread(target=self._ask, args=[path]) for path in paths]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()
        with self._running.client("bob") as client:
            until = time.monotonic() + SECONDS
            while in_flight(client) < len(self._threads) + 1:
                assert time.monotonic() < until
                time.sleep(0.01)

    def __exit__(self, *exception: object) -> None:
        for thread in self._threads:
            thread.join()

    def _ask(self, path: str) -> None:
        with self._running.client("alice") as client:
            client.post(f"{path}/ops/sleep", json={"seconds": 1.0})


def in_flight(client: httpx.Client) -> int:
    lines = client.get("/metrics").text.splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("kremote_requests_in_flight "))))


def test_a_request_too_many_is_told_when_to_ask_again(bounded: Running) -> None:
    with bounded.client("alice") as alice, bounded.client("bob") as bob:
        paths = [opened(alice) for _ in range(3)]
        other = opened(bob)
        with Busy(bounded, *paths):
            refused = alice.post(f"{paths[0]}/ops/add", json={})
            assert (refused.status_code, error(refused)["code"]) == (429, "too_many_requests")
            assert refused.headers["retry-after"] == "1"
            assert "raise requests_per_user" in error(refused)["hint"]
            assert bob.post(f"{other}/ops/add", json={}).status_code == 200
            stopped = alice.post(f"{paths[0]}/interrupt")
            assert stopped.is_success, "what stops the others does not wait for them"
        assert alice.post(f"{paths[0]}/ops/add", json={}).status_code == 200
        assert 'kremote_refusals_total{bound="requests_per_user"} 1.0' in bob.get("/metrics").text


def test_a_session_has_a_queue_of_some_length(bounded: Running) -> None:
    with bounded.client("alice") as alice:
        path, other = opened(alice), opened(alice)
        with Busy(bounded, path, path):
            refused = alice.post(f"{path}/ops/add", json={})
            assert (refused.status_code, error(refused)["code"]) == (503, "queue_full")
            assert refused.headers["retry-after"] == "1"
            assert alice.post(f"{other}/ops/add", json={}).status_code == 200
        assert alice.post(f"{path}/ops/add", json={}).status_code == 200


def test_leases_do_not_get_around_the_bound_of_a_second(tmp_path: Path) -> None:
    running = start(tmp_path, "--backend", "fake", "--requests-per-second", "20")
    try:
        with running.client("alice") as alice:
            path = opened(alice)
            began, answered, statuses = time.monotonic(), 0, set[int]()
            while time.monotonic() - began < 2.0:
                response = alice.post(f"{path}/ops/add", json={})
                statuses.add(response.status_code)
                answered += response.status_code == 200
                if response.status_code == 429:
                    assert response.headers["retry-after"] == "1"
                    time.sleep(0.02)
            assert statuses == {200, 429}
            assert 20 < answered <= 20 + 20 * (time.monotonic() - began) + 1
    finally:
        running.stop()


def test_limits_say_so(bounded: Running) -> None:
    with bounded.client("alice") as alice:
        limits: dict[str, Any] = value(alice.get("/v1/status"))["limits"]
    assert (limits["requests_per_user"], limits["queue_length"], limits["requests_per_second"]) == (3, 2, 0)
    assert limits["user_bytes"] >= limits["session_bytes"] > limits["tensor_bytes"]
