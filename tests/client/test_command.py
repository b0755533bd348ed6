"""The `kremote` command: what it says, and with which exit code."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from kremote import __main__ as command
from kremote_proto import __version__

TOKEN = "a-token"


class Server(HTTPServer):
    """Answers as a gateway would, from a table."""

    def __init__(self) -> None:
        self.protocol = [1, 1]
        self.worker: dict[str, Any] = {"state": "ready", "last_death": None, "restarts": 0}
        self.sessions: list[dict[str, Any]] = []
        self.paths: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str, authorized: bool) -> tuple[int, dict[str, Any]]:
        if not authorized:
            error = {"code": "unauthorized", "message": "expected a token of this server; got none"}
            return 401, {"error": error}
        self.paths.append(path)
        if path.partition("?")[0] == "/v1/sessions":
            return 200, {"sessions": self.sessions}
        if path == "/v1/status":
            workers = [{"worker": 0, "engine": "tensorflow", "device": "gpu:0", **self.worker}]
            told = {"version": "9.9", "protocol": self.protocol, "user": "alice", "sessions": len(self.sessions)}
            return 200, {**told, "workers": workers}
        if method == "DELETE" and path == "/v1/sessions/mine":
            return 204, {}
        return 404, {"error": {"code": "unknown_session", "message": "expected a session of yours"}}


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        authorized = self.headers.get("authorization") == f"Bearer {TOKEN}"
        status, body = self.server.answer(self.command, self.path, authorized)
        encoded = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("KREMOTE_URL", found.url)
        monkeypatch.setenv("KREMOTE_TOKEN", TOKEN)
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KREMOTE_URL", "KREMOTE_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"kremote {__version__}\n"


@pytest.mark.parametrize("arguments", [["serve", "--port", "0"], ["token", "create", "alice"], ["serve", "--help"]])
def test_the_server_takes_this_processs_place(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(command, "find_spec", lambda name: object())
    monkeypatch.setattr(command, "_become", became.append)
    command.main(arguments)
    assert became[0][1:] == ["-m", "kremote_server", *arguments]


@pytest.mark.parametrize("name", ["serve", "token"])
def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "fastapi" else object())
    assert command.main([name]) == 1
    said = capsys.readouterr().err
    assert "fastapi is not installed" in said
    assert "pip install 'kremote[server]'" in said


def test_sessions_are_a_table(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    common = {"engine": "tensorflow", "state": "live", "client": "kremote/0.1 python"}
    server.sessions = [
        {
            "session": "mine",
            "name": "vae",
            "created": time.time() - 7300,
            "last_used": time.time() - 61,
            "bytes": 3072,
            "variables": ["w", "b"],
            "expires": time.time() + 7300,
            **common,
        },
        {"session": "another", "created": time.time() - 200_000, "last_used": time.time(), **common},
    ]
    assert command.main(["sessions"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].split() == [
        *("SESSION", "NAME", "ENGINE", "STATE", "SIZE", "VARIABLES", "MADE", "USED", "ENDS", "CLIENT"),
    ]
    assert "2 h ago" in lines[1]
    assert "1 min ago" in lines[1]
    assert "2 d ago" in lines[2]
    assert lines[1].split()[:6] == ["mine", "vae", "tensorflow", "live", "3.0", "KiB"]
    assert lines[2].split()[:6] == ["another", "-", "tensorflow", "live", "?", "?"]
    assert "in 2 h" in lines[1]
    assert said.err == "kremote: unless they are used, these end within a day: vae\n"
    assert lines[1].index("tensorflow") == lines[2].index("tensorflow") == lines[0].index("ENGINE")


def test_everybodys_sessions_are_listed_with_their_owners(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    common = {"created": time.time(), "last_used": time.time(), "engine": "tensorflow", "state": "live", "client": ""}
    server.sessions = [
        {"session": "mine", "owner": "alice", **common},
        {"session": "another", "owner": "bob", **common},
    ]
    assert command.main(["sessions", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["OWNER", "SESSION"], ["alice", "mine"], ["bob", "another"]]
    assert server.paths[-1] == "/v1/sessions?owner=*"


@pytest.mark.parametrize("sign", ["?", "#"])
def test_no_sessions_are_said(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sign: str
) -> None:
    monkeypatch.delenv("KREMOTE_TOKEN")
    monkeypatch.setenv("KREMOTE_URL", f"{server.url}/{sign}token={TOKEN}")
    assert command.main(["sessions"]) == 0
    assert capsys.readouterr().out == f"no sessions of yours at {server.url}\n"


@pytest.mark.parametrize("form", [["--delete", "mine"], ["end", "mine"]])
def test_a_session_is_left(server: Server, capsys: pytest.CaptureFixture[str], form: list[str]) -> None:
    assert command.main(["sessions", *form]) == 0
    assert capsys.readouterr().out == "left mine\n"
    assert command.main(["sessions", form[0], "other"]) == 1
    assert "kremote: expected a session of yours" in capsys.readouterr().err


@pytest.mark.parametrize("form", [["end"], ["ends", "mine"], ["mine"]])
def test_what_is_no_end_is_refused(server: Server, capsys: pytest.CaptureFixture[str], form: list[str]) -> None:
    assert command.main(["sessions", *form]) == 1
    assert "expected kremote sessions, or kremote sessions end NAME" in capsys.readouterr().err


def test_the_doctor_finds_all_well(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert f"ok    kremote {__version__} on Python 3" in said
    assert "ok    client: numpy " in said
    assert f"ok    {server.url} answers" in said
    assert "ok    token: accepted, you are alice" in said
    assert "server 9.9 (1 to 1)" in said
    assert "ok    worker 0: tensorflow on gpu:0, ready" in said
    assert "FAIL" not in said


def test_a_token_comes_from_a_file(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("KREMOTE_TOKEN")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert command.main(["sessions", "--token-file", str(tmp_path / "token")]) == 0
    assert command.main(["sessions", "--token-file", str(tmp_path / "none")]) == 1
    assert "expected a token in" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["--token", TOKEN], ["--url", f"http://h/?token={TOKEN}"]])
@pytest.mark.parametrize("name", ["sessions", "doctor"])
def test_a_token_among_the_arguments_is_refused(
    capsys: pytest.CaptureFixture[str], given: list[str], name: str
) -> None:
    assert command.main([name, *given]) == 1
    said = capsys.readouterr().err
    assert "expected no token on a command line, where everybody on this machine sees it" in said
    assert TOKEN not in said


def test_the_doctor_finds_a_wrong_token(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KREMOTE_TOKEN", "wrong")
    assert command.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  token: expected a token of this server; got none\n      give KREMOTE_TOKEN or --token-file" in said
    assert "wrong" not in said


@pytest.mark.parametrize(("protocol", "older"), [([2, 3], "client"), ([0, 0], "server")])
def test_the_doctor_finds_versions_apart(
    server: Server, capsys: pytest.CaptureFixture[str], protocol: list[int], older: str
) -> None:
    server.protocol = protocol
    assert command.main(["doctor"]) == 1
    assert f"update the {older}: pip install --upgrade kremote" in capsys.readouterr().out


def test_the_doctor_finds_a_worker_that_is_not_ready(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.worker = {"state": "starting", "last_death": "was killed by SIGKILL at noon", "restarts": 3}
    assert command.main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  worker 0: tensorflow on gpu:0, starting; 3 restarts, the last was killed by SIGKILL at noon" in said
    assert "the server's log says why" in said


def test_the_doctor_finds_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["doctor", "--url", "http://127.0.0.1:1"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  http://127.0.0.1:1: expected a kremote server" in said
    assert "is the server running" in said


@pytest.mark.parametrize(("installed", "code"), [(True, 0), (False, 1)])
def test_without_a_server_the_doctor_looks_whether_one_can_be_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], installed: bool, code: int
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: object() if installed else None)
    monkeypatch.setattr(command, "_version", lambda name: "1.0" if installed or name in command._CLIENT else None)
    assert command.main(["doctor"]) == code
    said = capsys.readouterr().out
    if installed:
        assert "a private one will be started" in said
    else:
        assert "-     server: not installed here" in said
        assert "FAIL  no server given, and none can be started here\n      set KREMOTE_URL, or give --url" in said


def test_a_bad_url_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["sessions", "--url", "gpu-box:8000"]) == 1
    assert "expected the server's URL" in capsys.readouterr().err
