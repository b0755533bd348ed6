"""No secret is in a log, a URL, an error or a process list."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from kremote_server.token_line import digest
from kremote_server.tokens import create_token

from .raw_http import answered, head
from .running import Running, opened, start, value

WRONG = "a-wrong-token-that-somebody-mistyped"


def processes(of: int) -> list[int]:
    """A process and all that it started."""
    children = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and parent(entry) == of}
    return [of, *(found for child in children for found in processes(child))]


def parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def told(process: int, what: str) -> str:
    return Path(f"/proc/{process}/{what}").read_bytes().replace(b"\0", b"\n").decode(errors="replace")


def test_a_server_that_is_used_rightly_and_wrongly_writes_no_secret(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    running = start(tmp_path, "--audit-log", str(audit), KREMOTE_TOKEN="of-another-server", HF_TOKEN="of-a-hub")
    token, errors = running.tokens["alice"], []
    with running.client("alice") as alice, running.client(None) as stranger:
        session = opened(alice)
        for client, path, headers in (
            (stranger, f"/?token={token}", {}),
            (stranger, f"/docs?token={token}", {}),
            (stranger, "/v1/browser", {"authorization": f"Bearer {WRONG}"}),
            (stranger, "/v1/status", {"authorization": f"Bearer {token}x"}),
            (stranger, "/v1/status", {"authorization": token}),
            (stranger, f"/v1/sessions/{token}", {"cookie": f"kremote={token}"}),
            (alice, f"/{token}", {}),
            (alice, f"/v1/ops/{token}", {}),
            (alice, f"{session}/variables/w?token={token}", {}),
            (alice, "/v1/status", {"host": token}),
            (alice, "/v1/sessions", {"content-encoding": token}),
        ):
            response = client.get(path, headers=headers)
            errors.append(response.text.replace(path.partition("?")[0], ""))
        alice.post(f"{session}/ops/boom", content=b"x")
        worker = value(alice.post(f"{session}/run"))["pid"]
        errors.append(answered(running, head("GET /v1/status", f"X: {token}\x00", token=token)).decode())
        lists = [told(process, "cmdline") for process in processes(running.process.pid)]
        known = told(worker, "environ")
        assert len(lists) == 2, "the gateway and its worker"
        assert "of-another-server" not in known
        assert "of-a-hub" not in known
        assert re.findall("^KREMOTE_[A-Z_]+", known, re.MULTILINE) == ["KREMOTE_CONFINEMENT"]
        assert "PATH=" in known
    assert running.stop() == 0
    written = [running.log, running.output, audit.read_text(), *lists]
    for secret in (token, WRONG, digest(token), session.rpartition("/")[2]):
        for place in written:
            assert secret not in place
    for secret in (WRONG, digest(token)):
        assert not [said for said in errors if secret in said]
    assert not [said for said in errors[:6] if token in said], "strangers are not told what they said"


def test_the_commands_take_no_token_as_an_argument(tmp_path: Path) -> None:
    for name in ("sessions", "doctor"):
        command = [sys.executable, "-m", "kremote", name, "--url", "http://127.0.0.1:1", "--token", WRONG]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 1
        assert "expected no token on a command line" in done.stderr
        assert WRONG not in done.stderr + done.stdout
    for arguments in (["create", "alice", "--token", WRONG], ["revoke", WRONG]):
        command = [sys.executable, "-m", "kremote_server", "token", *arguments, "--tokens", str(tmp_path / "none")]
        assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode != 0


@pytest.mark.parametrize("name", ["tokens", "ready.json"])
def test_files_with_a_secret_are_for_their_owner(server: Running, name: str) -> None:
    assert (server.folder / name).stat().st_mode & 0o077 == 0


def test_a_token_is_written_nowhere_when_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    token = create_token(path, "alice")
    for folder, _, files in os.walk(tmp_path):
        for file in files:
            assert token not in Path(folder, file).read_text()


def test_a_browser_shows_no_token_to_the_server(stranger: httpx.Client) -> None:
    script = stranger.get("/static/browser.js").text
    assert "location.hash" in script
    assert "location.search" not in script
    assert "history.replaceState" in script, "nor keeps it in its history"
