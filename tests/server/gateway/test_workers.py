"""Workers that die: what their sessions' people are told, and how soon the next one is there."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .running import Running, error, opened, start, value


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("fragile"))
    yield running
    running.stop()


@pytest.fixture
def client(fragile: Running) -> Iterator[httpx.Client]:
    with fragile.client() as found:
        until_ready(found)
        yield found


def until_ready(client: httpx.Client) -> float:
    """Wait for the worker; how long it took."""
    began = time.monotonic()
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() - began < 15
        time.sleep(0.01)
    return time.monotonic() - began


def worker_pid(client: httpx.Client, session: str) -> int:
    pid: int = value(client.post(f"{session}/ops/dot"))["pid"]
    return pid


def restarts(client: httpx.Client) -> int:
    """How often the worker was started again."""
    [worker] = value(client.get("/v1/status"))["workers"]
    return int(worker["restarts"])


def until_lost(client: httpx.Client, session: str) -> list[int]:
    """Ask until the session is said to be lost; the statuses on the way."""
    statuses: list[int] = []
    until = time.monotonic() + 15
    while not statuses or statuses[-1] != 410:
        assert time.monotonic() < until, statuses
        response = client.post(f"{session}/ops/dot")
        statuses.append(response.status_code)
        if response.status_code == 503:
            assert response.headers["retry-after"] == "1"
            assert error(response)["code"] == "unavailable"
        time.sleep(0.01)
    return statuses


def test_a_killed_worker_is_replaced_and_its_session_lost(client: httpx.Client) -> None:
    session, other = opened(client), opened(client)
    os.kill(worker_pid(client, session), signal.SIGKILL)
    statuses = until_lost(client, session)
    assert set(statuses) <= {503, 410}
    lost = error(client.post(f"{session}/run"))
    assert lost["code"] == "session_lost"
    assert session.rpartition("/")[2][:6] in lost["message"]
    assert "worker 0 (tensorflow) was killed by SIGKILL at 20" in lost["message"]
    assert "new session" in lost["hint"]
    assert client.get(other).status_code == 410
    assert client.get(f"{other}/variables").status_code == 410
    states = {one["session"]: one["state"] for one in value(client.get("/v1/sessions"))["sessions"]}
    assert states[session.rpartition("/")[2]] == "lost"
    assert client.delete(session).status_code == 204
    assert client.get(session).status_code == 404
    assert client.post(f"{opened(client)}/ops/dot").status_code == 200


def test_a_session_is_left_with_the_worker_that_dies(client: httpx.Client) -> None:
    sessions = [opened(client) for _ in range(3)]
    before = restarts(client)
    os.kill(worker_pid(client, sessions[0]), signal.SIGKILL)
    assert [client.delete(session).status_code for session in sessions] == [204] * 3
    while restarts(client) == before:  # the next test is not to meet a worker whose death nobody has noticed
        time.sleep(0.01)


def test_the_replacement_is_there_within_seconds(client: httpx.Client) -> None:
    os.kill(worker_pid(client, opened(client)), signal.SIGKILL)
    time.sleep(0.05)
    assert until_ready(client) < 8
    [worker] = value(client.get("/v1/status"))["workers"]
    assert worker["state"] == "ready"
    assert worker["restarts"] >= 1
    assert "was killed by SIGKILL at" in worker["last_death"]


@pytest.mark.parametrize(("op", "reason"), [("die", "was killed by SIGKILL"), ("exit", "ended with exit code 3")])
def test_a_request_whose_worker_dies_is_unavailable(client: httpx.Client, op: str, reason: str) -> None:
    session = opened(client)
    response = client.post(f"{session}/ops/{op}")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    until_lost(client, session)
    assert reason in error(client.get(session))["message"]


def test_others_in_flight_are_told_too(fragile: Running, client: httpx.Client) -> None:
    session = opened(client)
    statuses: list[int] = []

    def sleep() -> None:
        with fragile.client() as own:
            statuses.append(own.post(f"{session}/ops/sleep", json={"seconds": 10}).status_code)

    sleeper = threading.Thread(target=sleep)
    sleeper.start()
    time.sleep(0.3)
    os.kill(worker_pid(client, session), signal.SIGKILL)
    sleeper.join(5)
    assert statuses == [503]


def test_while_a_worker_starts_the_gateway_says_so(tmp_path: Path) -> None:
    running = start(tmp_path, FAKE_START_SECONDS="0.7")
    try:
        with running.client() as client:
            session = opened(client)
            os.kill(worker_pid(client, session), signal.SIGKILL)
            time.sleep(0.2)
            assert client.get("/healthz").status_code == 200
            refused = client.get("/readyz")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert error(client.post(f"{session}/ops/dot"))["code"] == "unavailable"
            made = client.post("/v1/sessions")
            assert (made.status_code, made.headers["retry-after"]) == (503, "1")
            assert value(client.get("/v1/status"))["workers"][0]["state"] != "ready"
            assert "kremote_workers_ready 0.0" in client.get("/metrics").text
            assert until_lost(client, session)[0] == 503
            assert "kremote_worker_restarts_total 1.0" in client.get("/metrics").text
    finally:
        running.stop()


def test_a_session_nobody_uses_is_left_and_one_the_worker_refuses_not_made(tmp_path: Path) -> None:
    running = start(tmp_path, "--session-idle-seconds", "1", "--backend", "fake,full")
    try:
        with running.client() as client:
            refused = client.post("/v1/sessions", json={"engine": "full"})
            assert refused.status_code == 400
            assert error(refused)["message"] == "expected fewer sessions on this worker"
            assert value(client.get("/v1/sessions"))["sessions"] == []
            idle, used, busy = (opened(client) for _ in range(3))
            until = time.monotonic() + 2.2
            waiting = threading.Thread(target=_sleep, args=(running, busy, 2.0))
            waiting.start()
            while time.monotonic() < until:
                assert client.post(f"{used}/ops/dot").status_code == 200
                time.sleep(0.1)
            waiting.join()
            assert client.get(busy).status_code == 200
            lost = client.get(idle)
            assert lost.status_code == 410
            assert "left after 1 seconds without a request" in error(lost)["message"]
    finally:
        running.stop()


def _sleep(running: Running, session: str, seconds: float) -> None:
    with running.client() as client:
        client.post(f"{session}/ops/sleep", json={"seconds": seconds})
