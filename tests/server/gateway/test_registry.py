"""The registry: sessions outlive the gateway, which has a state directory to itself."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kremote_server.registry import Entry, Registry, kept_token
from kremote_server.sessions import Sessions
from kremote_server.settings import BadSetting

from .running import SECONDS, Running, error, launch, opened, start, value

ENTRY = Entry("one", "alice", "a client", 1, "tensorflow", 0, 1.0, 2.0)


def started(folder: Path, *options: str) -> Running:
    return start(folder, "--state-dir", str(folder / "state"), *options)


def restarted(running: Running, *options: str) -> Running:
    """The server again, on the same directory, with the same tokens."""
    (running.folder / "ready.json").unlink(missing_ok=True)
    tokens = ("--tokens", str(running.folder / "tokens"))
    again = start(running.folder, "--state-dir", str(running.folder / "state"), *tokens, *options, users=())
    return Running(again.process, again.folder, again.url, running.tokens)


def ended(running: Running, number: signal.Signals) -> None:
    running.process.send_signal(number)
    running.process.wait(SECONDS)
    if running.process.stdin:
        running.process.stdin.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_started_anew_has_its_sessions_of_each_user(tmp_path: Path, number: signal.Signals) -> None:
    running = started(tmp_path)
    with running.client() as alice, running.client("bob") as bob:
        path, gone, bobs = opened(alice), opened(alice), opened(bob)
        assert alice.delete(gone).status_code == 204
        before = value(alice.get("/v1/sessions"))["sessions"]
    ended(running, number)
    again = restarted(running)
    try:
        with again.client() as alice, again.client("bob") as bob:
            (listed,) = value(alice.get("/v1/sessions"))["sessions"]
            assert listed["session"] == path.rpartition("/")[2]
            same = {"session", "engine", "client", "created", "worker", "protocol"}
            assert {name: listed[name] for name in same} == {name: before[0][name] for name in same}
            assert listed["state"] == "parked"
            assert alice.post(f"{path}/ops/any", json={}).status_code == 200
            assert error(alice.get(bobs))["code"] == "unknown_session"
            assert error(alice.get(gone))["code"] == "unknown_session"
            assert bob.get(bobs).status_code == 200
    finally:
        again.stop()


def test_a_worker_that_dies_takes_no_session_along(tmp_path: Path) -> None:
    running = started(tmp_path)
    try:
        with running.client() as alice:
            path = opened(alice)
            refused = alice.post(f"{path}/ops/die", json={})
            assert (refused.status_code, error(refused)["code"]) == (503, "unavailable")
            assert refused.headers["retry-after"]
            reply: Any = refused
            while reply.status_code == 503:
                reply = alice.post(f"{path}/ops/any", json={})
            assert reply.status_code == 200
    finally:
        running.stop()


def test_a_session_of_an_engine_that_is_not_there_any_more_says_so(tmp_path: Path) -> None:
    running = started(tmp_path, "--backend", "first,second")
    with running.client() as alice:
        path = opened(alice, engine="second")
    running.stop()
    again = restarted(running, "--backend", "first")
    try:
        with again.client() as alice:
            reply = alice.post(f"{path}/ops/any", json={})
            assert reply.status_code == 410
            assert "no engine second" in error(reply)["message"]
    finally:
        again.stop()


def test_a_session_nobody_uses_is_parked_until_it_is_used(tmp_path: Path) -> None:
    running = started(tmp_path, "--park-seconds", "1", "--session-idle-seconds", "1000")
    try:
        with running.client() as alice:
            path = opened(alice)
            session: Any = {"state": "live"}
            until = time.monotonic() + SECONDS
            while session["state"] != "parked":
                assert time.monotonic() < until
                (session,) = value(alice.get("/v1/sessions"))["sessions"]
            assert session["expires"] == pytest.approx(session["last_used"] + 1000)
            assert alice.post(f"{path}/ops/any", json={}).status_code == 200
            (session,) = value(alice.get("/v1/sessions"))["sessions"]
            assert session["state"] == "live"
    finally:
        running.stop()


def test_two_servers_do_not_share_a_directory(tmp_path: Path) -> None:
    running = started(tmp_path)
    try:
        other = tmp_path / "other"
        other.mkdir()
        process = launch(other, "--port", "0", "--state-dir", str(tmp_path / "state"))
        assert process.wait(SECONDS) == 1
        assert process.stdin is not None
        process.stdin.close()
        assert "another server uses" in (other / "log").read_text()
    finally:
        running.stop()


def test_the_directory_is_its_owners_alone(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "state")
    registry.close()
    kept_token(tmp_path / "state")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}
    assert modes["sessions"] == 0o700
    assert {modes[name] for name in ("lock", "registry.sqlite", "token")} == {0o600}


def test_what_was_begun_and_never_made_is_forgotten(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.add(ENTRY)
    assert registry.entries() == []
    registry.add(ENTRY)
    registry.folder("one").mkdir()
    registry.used([("one", 9.0)])
    assert [entry.last_used for entry in registry.entries()] == [9.0]
    registry.remove("one")
    assert not registry.folder("one").exists()
    registry.close()


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(BadSetting, match="expected a folder to write to as state_dir"):
        Registry(file / "state")
    with pytest.raises(BadSetting, match="expected a folder to write to as state_dir"):
        kept_token(file / "state")


def test_a_damaged_registry_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "registry.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(BadSetting, match=r"registry.sqlite; .*Sessions are in .*sessions"):
        Registry(tmp_path)
    assert (tmp_path / "registry.sqlite").read_bytes().startswith(b"this is")


def test_a_token_of_the_servers_own_is_the_same_after_a_restart(tmp_path: Path) -> None:
    assert kept_token(tmp_path) == kept_token(tmp_path)


def test_a_durability_needs_a_directory(tmp_path: Path) -> None:
    process = launch(tmp_path, "--port", "0", "--durability", "power")
    assert isinstance(process, subprocess.Popen)
    assert process.wait(SECONDS) == 1
    assert process.stdin is not None
    process.stdin.close()
    assert "expected a folder as state_dir for durability power" in (tmp_path / "log").read_text()


def test_a_clock_that_is_set_leaves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = SimpleNamespace(workers=[SimpleNamespace(index=0, engine="tensorflow", incarnation=1, state="ready")])
    registry: Any = SimpleNamespace(entries=lambda: [ENTRY])
    sessions = Sessions(cast(Any, pool), per_user=1, queue_length=8, idle_seconds=7 * 86400.0, registry=registry)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 30 * 86400.0)
    asyncio.run(sessions.drop_idle())
    assert [session.lost for session in sessions.of("alice")] == [None]
