"""A worker is killed while a client trains: the client learns what was lost, and goes on with a new session."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

import kremote


def workers(url: str, token: str) -> list[dict[str, Any]]:
    """The server's own account of its workers."""
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    found: list[dict[str, Any]] = httpx.get(f"{url}/v1/status", headers=headers).json()["workers"]
    return found


def training(session: kremote.Session) -> Callable[[], float]:
    """A step that adds one to a counter and gives it back."""
    K = session.K
    count = K.variable(0.0)
    x = K.placeholder(shape=())
    step = K.function([x], [count], updates=[K.update(count, count + x)])
    return lambda: float(step([1.0])[0])


def test_a_killed_worker_is_replaced_and_what_it_held_is_named(start_server: Callable[..., Any]) -> None:
    with start_server("--workers", "2") as server, two_sessions(server) as (one, other):
        step, other_step = training(one), training(other)
        assert [step(), step(), other_step()] == [0.0, 1.0, 0.0]
        before = workers(server.url, server.token)
        victim = worker_of(one, server, before)
        assert victim != worker_of(other, server, before), "the least loaded worker takes a new session"

        os.kill(victim["pid"], signal.SIGKILL)
        with pytest.raises(kremote.SessionLost, match=r"killed by SIGKILL") as caught:
            step()
        assert one.id[:4] in str(caught.value), "the message names the session"
        assert other_step() == 1.0, "a session of the other worker kept its values"

        after = workers(server.url, server.token)
        assert {worker["state"] for worker in after} == {"ready"}
        assert victim["pid"] not in {worker["pid"] for worker in after}

        one.K.clear_session()
        again = training(one)
        assert [again(), again()] == [0.0, 1.0]


@contextmanager
def two_sessions(server: Any) -> Iterator[tuple[kremote.Session, kremote.Session]]:
    """Sessions made once both workers are there to take one each."""
    until = time.monotonic() + 60
    while any(worker["state"] != "ready" for worker in workers(server.url, server.token)):
        assert time.monotonic() < until, server.log_tail()
        time.sleep(0.1)
    with (
        kremote.Session(server.url, token=server.token) as one,
        kremote.Session(server.url, token=server.token) as other,
    ):
        yield one, other


def worker_of(session: kremote.Session, server: Any, found: list[dict[str, Any]]) -> dict[str, Any]:
    """The worker a session lives on."""
    headers = {"authorization": f"Bearer {server.token}", "accept": "application/json"}
    number: int = httpx.get(f"{server.url}/v1/sessions/{session.id}", headers=headers).json()["worker"]
    return found[number]
