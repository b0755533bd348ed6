"""A server as its owner runs it: `kremote serve` in a process of its own, with fake workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from kremote_proto import codec
from kremote_server.token_line import Scope
from kremote_server.tokens import create_token

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")
USERS = ("alice", "bob")
#: Long enough for a machine that is busy with other tests.
SECONDS = 60.0


def fake_python(folder: Path) -> Path:
    """An "interpreter" that runs the fake worker whatever module it is asked for."""
    script = folder / "python"
    script.write_text(f'#!/bin/sh\nshift 2\nexec {sys.executable} {FAKE_WORKER} "$@"\n')
    script.chmod(0o755)
    return script


def environment() -> dict[str, str]:
    """This process's environment without settings of kremote."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KREMOTE_")}


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    folder: Path
    url: str
    tokens: dict[str, str]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    def requests(self) -> list[dict[str, Any]]:
        """The lines logged of requests."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in lines if line["logger"] == "kremote.requests"]

    def client(self, user: str | None = "alice", **headers: str) -> httpx.Client:
        authorization = {"authorization": f"Bearer {self.tokens[user]}"} if user else {}
        return httpx.Client(
            base_url=self.url, headers={**authorization, **headers}, timeout=SECONDS, trust_env=False, verify=False
        )

    def admit(self, user: str, scope: Scope = "user", expires: int | None = None, under: str | None = None) -> str:
        """Make a token while the server runs; it is among `tokens` (under the user's name) when the server knows it."""
        token = self.tokens[under or user] = create_token(self.folder / "tokens", user, scope, expires)
        until = time.monotonic() + SECONDS
        with self.client(under or user) as client:
            while client.get("/v1/status").status_code == 401:
                assert time.monotonic() < until, "the server did not read its tokens again"
                time.sleep(0.02)
        return token

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(SECONDS)
        if self.process.stdin:
            self.process.stdin.close()
        return code


def start(folder: Path, *options: str, users: tuple[str, ...] = USERS, **variables: str) -> Running:
    """Start a server and wait until its workers are ready."""
    tokens = {user: create_token(folder / "tokens", user) for user in users}
    ready = folder / "ready.json"
    given = ["--tokens", str(folder / "tokens")] if users else []
    process = launch(folder, "--port", "0", "--ready-file", str(ready), *given, *options, **variables)
    until = time.monotonic() + SECONDS
    while not ready.exists():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, "the server did not get ready"
        time.sleep(0.02)
    written = json.loads(ready.read_text())
    return Running(process, folder, written["url"], tokens or {"local": written["token"]})


def launch(folder: Path, *options: str, **variables: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kremote_server", "serve", "--python", str(fake_python(folder)), *options]
    with (folder / "log").open("wb") as log, (folder / "output").open("wb") as output:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=log, env={**environment(), **variables}
        )


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def opened(client: httpx.Client, **body: Any) -> str:
    """The path of a new session."""
    response = client.post("/v1/sessions", json=body)
    assert response.status_code == 201, response.text
    return f"/v1/sessions/{value(response)['session']}"


def value(response: httpx.Response) -> Any:
    """The decoded body of a response, by its content type."""
    return codec.decode(response.content, response.headers["content-type"])


def error(response: httpx.Response) -> dict[str, Any]:
    """The error of a response, in its one shape."""
    body = value(response)
    assert list(body) == ["error"]
    assert {"code", "message", "op", "instruction", "hint"} <= set(body["error"])
    found: dict[str, Any] = body["error"]
    return found
