"""`K.usage()` and `kremote top`: what is used, as tables."""

from __future__ import annotations

import threading
import time
from types import ModuleType
from typing import Any

import pytest

import kremote
from kremote import __main__ as command
from kremote.top import page
from kremote.usage import Usage

LIMITS = {"session_bytes": 16 << 30, "user_bytes": 0, "ids": 1000000, "queue_length": 64, "op_seconds": 3600.0}
SESSION = {"bytes": 1536, "values": 12, "variables": 3, "requests": 0, "compute_seconds": 1.25}
USER = {"sessions": 2, "requests": 1, "bytes": 5 << 20, "compute_seconds": 2.0}


def test_usage_is_a_table() -> None:
    assert [line.split("  ")[0] for line in repr(Usage(SESSION, USER, LIMITS)).splitlines()[1:]] == [
        *("bytes", "handles", "variables", "sessions", "requests", "requests in a second", "computed"),
    ]
    cells = [line.split() for line in repr(Usage(SESSION, USER, LIMITS)).splitlines()]
    assert cells[1] == ["bytes", "1.5", "KiB", "16.0", "GiB", "5.0", "MiB", "-"]
    assert cells[2] == ["handles", "12", "1,000,000"]
    assert cells[5] == ["requests", "0", "64", "1", "-"]
    assert cells[7] == ["computed", "1.2", "s", "3,600.0", "s", "a", "request", "2.0", "s"]


def test_usage_of_a_real_server(K: ModuleType) -> None:
    before = K.usage()
    x = K.ones((1000, 1000))
    w = K.variable([1.0, 2.0], name="w")
    during = K.usage()
    assert during.session["bytes"] - before.session["bytes"] == 4_000_000 + 8
    assert during.session["values"] - before.session["values"] == 2
    assert (during.session["variables"], during.user["sessions"] >= 1) == (1, True)
    assert during.user["bytes"] >= during.session["bytes"]
    assert during.limits == kremote.current_session().limits
    assert "3.8 MiB" in repr(during)
    del x, w
    assert K.usage().session["bytes"] - before.session["bytes"] == 8


def test_usage_is_told_while_the_session_computes(K: ModuleType) -> None:
    session = kremote.current_session()
    a = K.random_normal((1500, 1500))
    thread = threading.Thread(target=lambda: K.eval(K.sum(_products(K, a, 40))))
    thread.start()
    seen = []
    while thread.is_alive():
        told = session._transport.call("GET", "/v1/usage")["sessions"]
        seen.append(next(one["running_seconds"] for one in told if one["session"] == session.id))
        time.sleep(0.01)
    thread.join()
    assert any(seconds is not None for seconds in seen)


def _products(K: ModuleType, a: Any, count: int) -> Any:
    product = a
    for _ in range(count):
        product = K.dot(product, a) / 1500
    return product


def session(name: str, **more: Any) -> dict[str, Any]:
    used = {"bytes": 0, "values": 1, "variables": 0, "compute_seconds": 1.0, "running_seconds": None}
    return {"owner": "alice", "session": name, "state": "live", "requests": 0, "worker": 0, **used, **more}


def test_the_busiest_and_largest_sessions_come_first() -> None:
    users = [{"user": "alice", "bytes": 3072, "requests": 2}]
    before = {"sessions": [session("idle-one"), session("busy-one"), session("large-one", bytes=3072)], "users": users}
    after = {"sessions": [session("idle-one"), session("busy-one", compute_seconds=1.5), *before["sessions"][2:]]}
    after["sessions"].append(session("parked-one", state="parked", **dict.fromkeys(("bytes", "compute_seconds"))))
    head, _, *lines = page({**after, "users": users}, before, 1.0).splitlines()
    assert head == "1 users, 4 sessions, 3.0 KiB, 2 requests under way"
    assert [line.split()[1] for line in lines[1:]] == ["busy-o", "large-", "idle-o", "parked"]
    assert lines[1].split() == ["alice", "busy-o", "live", "0", "B", "1", "0", "0", "50%", "-", "1.5", "s", "0"]
    assert lines[4].split()[2:5] == ["parked", "-", "1"]


def test_what_runs_is_busy_before_it_ends() -> None:
    users = [{"user": "alice", "bytes": 0, "requests": 1}]
    before = {"sessions": [session("one")], "users": users}
    after = {"sessions": [session("one", running_seconds=7.0)], "users": users}
    assert "100%" in page(after, before, 1.0)
    assert "%" not in page(after)


def test_top_shows_a_table_once_where_nobody_looks(
    server: Any, K: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    x = K.eval(K.ones((2,)))
    assert x.tolist() == [1.0, 1.0]
    monkeypatch.setenv("KREMOTE_URL", server.url)
    monkeypatch.setenv("KREMOTE_TOKEN", server.token)
    assert command.main(["top", "--mine"]) == 0
    out = capsys.readouterr().out
    assert kremote.current_session().id[:6] in out
    assert out.splitlines()[2].split()[:3] == ["OWNER", "SESSION", "STATE"]
