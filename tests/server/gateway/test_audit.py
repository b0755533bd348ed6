"""The audit log: who came in, who was refused, what was done with tokens and with other people's sessions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from kremote_server.__main__ import main
from kremote_server.audit import Audit
from kremote_server.exchange import Exchange
from kremote_server.token_line import Token, digest

from .running import SECONDS, Running, opened, start

ALICE = Token("alice", digest("x"))


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("audited")
    running = start(folder, "--audit-log", str(folder / "audit"))
    yield running
    running.stop()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def events(running: Running, *names: str) -> list[dict[str, Any]]:
    """The lines about these."""
    return [line for line in lines(running.folder / "audit") if line["event"] in names]


def test_each_token_comes_in_once_from_an_address(audited: Running) -> None:
    with audited.client("alice") as client:
        for _ in range(5):
            client.get("/v1/status")
    [line] = [line for line in events(audited, "login") if line["user"] == "alice"]
    assert (line["scope"], line["client"], line["token"]) == ("user", "127.0.0.1", digest(audited.tokens["alice"])[:8])
    assert line["timestamp"].endswith("Z")
    audited.admit("alice", "read-only", under="reader")
    assert [line["scope"] for line in events(audited, "login") if line["user"] == "alice"] == ["user", "read-only"]
    assert (audited.folder / "audit").stat().st_mode & 0o777 == 0o600


def test_denials_say_who_asked_for_what(audited: Running) -> None:
    audited.admit("carol", "read-only")
    with audited.client(None) as stranger, audited.client("carol") as carol:
        refused = stranger.get("/v1/sessions/secret?a=secret", headers={"authorization": "Bearer wrong"})
        carol.post("/v1/sessions")
        carol.get("/v1/sessions?owner=*")
    found = events(audited, "denial")
    assert [(line["user"], line["status"], line["code"], line["method"], line["route"]) for line in found[-3:]] == [
        (None, 401, "unauthorized", "GET", "none"),
        ("carol", 403, "forbidden", "POST", "none"),
        ("carol", 403, "forbidden", "GET", "/v1/sessions"),
    ]
    assert found[-3]["request"] == refused.headers["kremote-request-id"]
    assert "secret" not in (audited.folder / "audit").read_text()


def test_sessions_made_and_those_an_admin_ended(audited: Running) -> None:
    audited.admit("root", "admin")
    with audited.client("bob") as bob, audited.client("root") as root:
        first, second = opened(bob), opened(bob)
        label = first.rpartition("/")[2][:6]
        assert [line["user"] for line in events(audited, "session made") if line["session"] == label] == ["bob"]
        assert bob.delete(second).status_code == 204
        assert root.delete(first).status_code == 204
    [line] = events(audited, "session ended by an admin")
    assert (line["user"], line["owner"], line["session"]) == ("root", "bob", label)


def test_changes_of_tokens(tmp_path: Path) -> None:
    environment = {"KREMOTE_TOKENS": str(tmp_path / "tokens"), "KREMOTE_AUDIT_LOG": str(tmp_path / "audit")}
    for arguments in (["create", "alice", "--expires", "2100-01-01"], ["rotate", "alice"], ["revoke", "alice"]):
        assert CliRunner().invoke(main, ["token", *arguments], env=environment).exit_code == 0
    assert CliRunner().invoke(main, ["token", "revoke", "alice"], env=environment).exit_code == 1
    found = [(line["event"], line["user"], line["scope"], line["expires"]) for line in lines(tmp_path / "audit")]
    assert found[0] == ("token created", "alice", "user", "2100-01-01T00:00:00Z")
    assert [event for event, *_ in found] == ["token created", "token rotated", "token revoked", "token revoked"]
    assert all(line["by"] for line in lines(tmp_path / "audit"))


def test_without_a_file_it_is_among_the_logs(server: Running, alice: httpx.Client) -> None:
    session = opened(alice)
    found = [json.loads(line) for line in server.log.splitlines() if '"kremote.audit"' in line]
    made = [
        line for line in found if line["event"] == "session made" and session.rpartition("/")[2][:6] == line["session"]
    ]
    assert [line["user"] for line in made] == ["alice"]


def exchange() -> Exchange:
    return Exchange(client="10.0.0.1", user="alice", token=ALICE)


def test_a_token_comes_in_again_after_a_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit, now = Audit(tmp_path / "audit"), time.monotonic()
    for seconds in (0, 60, 900, 1801):
        monkeypatch.setattr(time, "monotonic", lambda seconds=seconds: now + seconds)
        audit.used(exchange(), ALICE)
    assert len(lines(tmp_path / "audit")) == 2


def test_what_is_remembered_of_addresses_is_bounded(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit")
    for number in range(30_000):
        audit._seen[ALICE.digest, str(number)] = -1e9
    audit.used(exchange(), ALICE)
    assert len(audit._seen) == 1


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit")
    audit.session_made(exchange())
    (tmp_path / "audit").rename(tmp_path / "audit.1")
    audit.session_made(exchange())
    assert len(lines(tmp_path / "audit")) == len(lines(tmp_path / "audit.1")) == 1


FULL = """
import resource, sys
from pathlib import Path
from kremote_server.audit import Audit
from kremote_server.exchange import Exchange
path, audit = Path(sys.argv[1]), Audit(Path(sys.argv[1]))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def made(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    audit.session_made(Exchange(user="alice"))
made(resource.RLIM_INFINITY)
for _ in range(3):
    made(path.stat().st_size + 10)  # a part of a line, then nothing
for _ in range(2):
    made(resource.RLIM_INFINITY)
"""


def test_a_full_disk_is_said_once_and_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "audit"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    said = done.stdout + done.stderr
    assert said.count("the audit log cannot be written") == 1
    assert said.count("the audit log is written again") == 1
    assert "lines_missed=3" in said
    whole = [line for line in path.read_text().splitlines() if line.endswith("}")]
    assert [json.loads(line)["event"] for line in whole] == ["session made"] * 3


@pytest.mark.parametrize("kind", ["folder", "pipe", "nowhere"])
def test_what_cannot_be_written_stops_no_server(tmp_path: Path, kind: str) -> None:
    path = {"folder": tmp_path, "pipe": tmp_path / "pipe", "nowhere": tmp_path / "none" / "audit"}[kind]
    if kind == "pipe":
        os.mkfifo(path)
    running = start(tmp_path, "--audit-log", str(path))
    began = time.monotonic()
    with running.client("alice") as client:
        for _ in range(10):
            assert client.delete(opened(client)).status_code == 204
    assert time.monotonic() - began < SECONDS / 2
    assert running.stop() == 0
    assert running.log.count("the audit log cannot be written") == 1
