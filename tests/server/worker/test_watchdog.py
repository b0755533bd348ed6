"""Requests that compute for too long: stopped between two instructions, or told so while their worker ends."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from kremote_proto import codec
from kremote_proto.errors import TimeExceeded
from kremote_server.engines.interruption import Interruption
from kremote_server.engines.loading import load_engine
from kremote_server.link_messages import Reply, Request
from kremote_server.worker.limits import Limits
from kremote_server.worker.requests import Worker
from kremote_server.worker.watchdog import OVERRUN, Watchdog

SECONDS = 30.0


def test_one_that_takes_too_long_is_stopped_with_an_error_of_its_own_and_no_other() -> None:
    interruption = Interruption()
    interruption.begin(running := interruption.arrive())
    waiting = interruption.arrive()
    cancelled = list[bool]()

    def runs() -> None:
        with interruption.cancelled_by(lambda: cancelled.append(True)):
            interruption.overrun(running, TimeExceeded("too long"))
            raise RuntimeError("cancelled")

    with pytest.raises(TimeExceeded, match="too long"):
        runs()
    assert cancelled == [True]
    interruption.begin(waiting)
    interruption.check()


@pytest.fixture
def worker() -> Worker:
    worker = Worker(load_engine("numpy"), "cpu", Limits())
    worker.handle(Request({"route": "create", "session": "s", "owner": "alice"}, memoryview(b"")))
    return worker


def request() -> Request:
    return Request({"route": "describe", "session": "s"}, memoryview(b""))


def test_a_request_that_is_in_time_is_left_alone(worker: Worker) -> None:
    watchdog, session = Watchdog(SECONDS, 0.0, _fail), worker.sessions["s"]
    with watchdog.watching(session, request(), 1):
        pass
    assert not watchdog._runs


def test_instructions_after_the_time_is_over_are_not_run(worker: Worker) -> None:
    worker.watchdog = Watchdog(0.05, SECONDS, _fail)
    session = worker.sessions["s"]
    before = session.execute

    def slowly(*given: Any) -> Any:
        time.sleep(0.15)
        return before(*given)

    session.execute = slowly  # type: ignore[method-assign, assignment]
    ones = {"op": "ones", "args": {"shape": [2], "dtype": "float32", "name": None}}
    body = codec.encode({"instructions": [ones] * 4, "fetch": [], "free": []})
    reply = worker.handle(Request({"route": "run", "session": "s"}, memoryview(bytearray(body))))
    results = codec.decode(reply.body)["results"]  # type: ignore[arg-type]
    codes = [one.get("error", {}).get("code") for one in results]
    assert codes[-1] == "time_exceeded"
    assert "expected a request that computes for at most 0.05 s" in results[-1]["error"]["message"]
    session.execute = before  # type: ignore[method-assign]
    again = worker.handle(Request({"route": "run", "session": "s"}, memoryview(bytearray(body))))
    assert "error" not in codec.decode(again.body)["results"][0]  # type: ignore[arg-type]


def test_one_that_does_not_stop_is_told_so_and_its_worker_ends(worker: Worker) -> None:
    ended, told = threading.Event(), list[Reply]()
    statuses = list[int]()

    def end(status: int) -> None:
        statuses.append(status)
        ended.set()

    watchdog = Watchdog(0.05, 0.05, end)
    asked = request()
    asked.abandon = told.append

    def computes() -> None:
        with watchdog.watching(worker.sessions["s"], asked, 1):
            ended.wait(SECONDS)
        told.append(Reply())  # never: the process has ended by then

    threading.Thread(target=computes, daemon=True).start()
    assert ended.wait(SECONDS)
    assert statuses == [OVERRUN]
    (reply,) = told
    wire: dict[str, Any] = codec.decode(reply.body)["error"]  # type: ignore[arg-type]
    assert (reply.status, wire["code"]) == (422, "time_exceeded")
    assert "its worker was ended, and nothing was done of the request" in wire["message"]


def _fail(status: int) -> None:
    raise AssertionError(status)
