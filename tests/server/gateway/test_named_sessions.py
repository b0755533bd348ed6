"""Sessions by name: made or taken up, each user's own, listed with what they hold, ended."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from .running import SECONDS, Running, error, opened, start, value
from .test_registry import restarted, started


def taken_up(client: httpx.Client, name: str, **body: Any) -> Any:
    reply = client.post("/v1/sessions", json={"name": name, **body})
    assert reply.status_code in (200, 201), reply.text
    return value(reply)


def entry(client: httpx.Client, name: str) -> dict[str, Any]:
    """A session of a user as it is listed."""
    found = [one for one in value(client.get("/v1/sessions"))["sessions"] if one["name"] == name]
    assert len(found) == 1
    (one,) = found
    return dict(one)


def test_a_name_opens_a_session_or_takes_it_up(alice: httpx.Client) -> None:
    made = alice.post("/v1/sessions", json={"name": "taken-up"})
    again = alice.post("/v1/sessions", json={"name": "taken-up"})
    assert (made.status_code, again.status_code) == (201, 200)
    assert value(again)["session"] == value(made)["session"]
    assert value(again)["name"] == value(made)["name"] == "taken-up"
    assert "created" in value(again)
    assert "created" not in value(made)
    assert alice.delete("/v1/sessions/taken-up").status_code == 204
    assert alice.post("/v1/sessions", json={"name": "taken-up"}).status_code == 201


def test_a_session_is_found_by_its_name_as_by_its_id(alice: httpx.Client) -> None:
    made = taken_up(alice, "by-name.1")
    for called in ("by-name.1", made["session"]):
        assert value(alice.get(f"/v1/sessions/{called}"))["session"] == made["session"]
        assert alice.post(f"/v1/sessions/{called}/ops/any", json={}).status_code == 200
    assert alice.delete("/v1/sessions/by-name.1").status_code == 204
    for called in ("by-name.1", made["session"]):
        assert error(alice.get(f"/v1/sessions/{called}"))["code"] == "unknown_session"


def test_each_user_has_names_of_their_own(alice: httpx.Client, bob: httpx.Client) -> None:
    ours, theirs = taken_up(alice, "shared-name"), taken_up(bob, "shared-name")
    assert ours["session"] != theirs["session"]
    assert value(bob.get("/v1/sessions/shared-name"))["session"] == theirs["session"]
    assert bob.delete("/v1/sessions/shared-name").status_code == 204
    assert value(alice.get("/v1/sessions/shared-name"))["session"] == ours["session"]


def test_those_who_come_at_once_get_one_session(alice: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        ask: Callable[[int], httpx.Response] = lambda _: alice.post("/v1/sessions", json={"name": "at-once"})  # noqa: E731
        replies = list(threads.map(ask, range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] * 7 + [201]
    assert len({value(reply)["session"] for reply in replies}) == 1


@pytest.mark.parametrize("name", ["", " ", "a b", "../x", "a/b", ".hidden", "-x", "x" * 101, "é", "x" * 32, "a\n"])
def test_a_name_that_cannot_be_one_is_refused(alice: httpx.Client, name: str) -> None:
    refused = alice.post("/v1/sessions", json={"name": name})
    assert (refused.status_code, error(refused)["code"]) == (400, "invalid_value")
    assert "$.name" in error(refused)["message"]
    assert error(alice.post("/v1/sessions", json={"name": 7}))["code"] == "invalid_type"


def test_a_session_of_another_engine_is_not_taken_up(alice: httpx.Client) -> None:
    made = taken_up(alice, "of-other", engine="other")
    refused = alice.post("/v1/sessions", json={"name": "of-other", "engine": "fake"})
    assert refused.status_code == 400
    assert "expected the engine of session of-other, other; got 'fake'" in error(refused)["message"]
    assert taken_up(alice, "of-other")["session"] == made["session"]
    assert taken_up(alice, "of-other", engine="other")["session"] == made["session"]
    assert alice.post("/v1/sessions", json={"name": "of-other", "protocol": [8, 9]}).status_code == 426


def test_a_refused_session_leaves_its_name_free(tmp_path: Path) -> None:
    running = start(tmp_path, "--backend", "fake,full")
    try:
        with running.client() as alice:
            assert alice.post("/v1/sessions", json={"name": "mine", "engine": "full"}).status_code == 400
            assert taken_up(alice, "mine", engine="fake")["engine"] == "fake"
    finally:
        running.stop()


def test_the_listing_says_what_a_session_holds(alice: httpx.Client) -> None:
    taken_up(alice, "listed")
    for _ in range(3):
        alice.post("/v1/sessions/listed/ops/any", json={})
    listed = entry(alice, "listed")
    assert {name: listed[name] for name in ("owner", "state", "values", "bytes", "variables")} == {
        "owner": "alice", "state": "live", "values": 1, "bytes": 3, "variables": ["w"],
    }  # fmt: skip
    assert listed["expires"] > listed["last_used"] >= listed["created"]


def test_a_lost_session_keeps_its_name_until_it_is_given_up(tmp_path: Path) -> None:
    running = start(tmp_path)
    try:
        with running.client() as alice:
            taken_up(alice, "mine")
            assert alice.post("/v1/sessions/mine/ops/die", json={}).status_code == 503
            until = time.monotonic() + SECONDS
            while (refused := alice.post("/v1/sessions", json={"name": "mine"})).status_code in (200, 503):
                assert time.monotonic() < until
                time.sleep(0.05)
            assert error(refused)["code"] == "session_lost"
            listed = entry(alice, "mine")
            assert (listed["state"], listed["bytes"], listed["expires"]) == ("lost", None, None)
            assert alice.delete("/v1/sessions/mine").status_code == 204
            assert alice.post("/v1/sessions", json={"name": "mine"}).status_code == 201
    finally:
        running.stop()


def unused_since(running: Running, seconds: float) -> None:
    """Have the sessions of a stopped server be unused for a while."""
    with sqlite3.connect(running.folder / "state" / "registry.sqlite") as database:
        database.execute("UPDATE sessions SET last_used = ?", [time.time() - seconds])


def test_a_name_outlives_the_server_and_its_session_warns_of_its_end(tmp_path: Path) -> None:
    running = started(tmp_path, "--session-idle-seconds", "1000")
    with running.client() as alice:
        made = taken_up(alice, "mine")
        alice.post("/v1/sessions/mine/ops/any", json={})
        assert entry(alice, "mine")["bytes"] == 1
        assert "expiring" not in made
    running.stop()
    unused_since(running, 900.0)
    again = restarted(running, "--session-idle-seconds", "1000")
    try:
        with again.client() as alice, again.client("bob") as bob:
            listed = entry(alice, "mine")
            assert (listed["state"], listed["bytes"], listed["variables"]) == ("parked", 1, ["w"])
            assert listed["expires"] == pytest.approx(time.time() + 100, abs=SECONDS)
            warned = value(alice.post("/v1/sessions", json={}))["expiring"]
            assert warned == [{"session": made["session"], "name": "mine", "expires": listed["expires"]}]
            assert "expiring" not in value(bob.post("/v1/sessions", json={}))
            assert taken_up(alice, "mine")["expiring"] == warned
            assert value(alice.get("/v1/sessions/mine"))["session"] == made["session"]
            assert entry(alice, "mine")["state"] == "live"
            assert "expiring" not in value(alice.post("/v1/sessions", json={}))
    finally:
        again.stop()


def test_a_registry_from_before_there_were_names_is_taken_over(tmp_path: Path) -> None:
    running = started(tmp_path)
    with running.client() as alice:
        path = opened(alice)
    running.stop()
    with sqlite3.connect(tmp_path / "state" / "registry.sqlite") as database:
        for column in ("name", "holding"):
            database.execute(f"ALTER TABLE sessions DROP COLUMN {column}")
    again = restarted(running)
    try:
        with again.client() as alice:
            assert alice.post(f"{path}/ops/any", json={}).status_code == 200
            assert alice.post("/v1/sessions", json={"name": "mine"}).status_code == 201
    finally:
        again.stop()
