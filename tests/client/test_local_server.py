"""With nothing configured: a private local server, or an error that says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kremote import local_server
from kremote_proto.errors import ConnectionFailed

from ..conftest import RunThin

#: A program that stands for `python -m kremote_server`.
FAKE_MODULE = """
import json, pathlib, sys, time
ready = pathlib.Path(sys.argv[sys.argv.index("--ready-file") + 1])
print("starting", flush=True)
{body}
"""


@pytest.fixture(autouse=True)
def _none_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(local_server, "_server", None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that were started; a program that is ready at once stands for the server."""
    return stand_in(
        monkeypatch,
        tmp_path,
        'ready.write_text(json.dumps({"url": "http://127.0.0.1:1", "token": "t"})); sys.stdin.read()',
    )


def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> list[list[str]]:
    script = tmp_path / "server.py"
    script.write_text(FAKE_MODULE.replace("{body}", body))
    started: list[list[str]] = []
    popen = subprocess.Popen

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        started.append(command)
        return popen([sys.executable, str(script), *command[3:]], **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", start)
    return started


def test_it_starts_once_says_so_once_and_ends(commands: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    server = local_server.local_server()
    assert local_server.local_server() is server
    assert len(commands) == 1
    assert commands[0][1:4] == ["-m", "kremote_server", "serve"]
    assert "--exit-with-parent" in commands[0]
    said = capsys.readouterr().err
    assert said.count("http://127.0.0.1:1") == 1
    assert "private" in said
    assert server.token == "t"
    assert "token" not in repr(server)
    assert server.process.poll() is None
    local_server.stop(server.process, os.getpid(), server.folder)
    assert server.process.poll() is not None
    assert not server.folder.exists(), "its log and its token are gone with it"


def test_a_server_that_ended_is_replaced(commands: list[list[str]]) -> None:
    first = local_server.local_server()
    local_server.stop(first.process, os.getpid(), first.folder)
    second = local_server.local_server()
    assert second is not first
    local_server.stop(second.process, os.getpid(), second.folder)


def test_a_forked_child_does_not_stop_its_parent_s_server(commands: list[list[str]]) -> None:
    server = local_server.local_server()
    local_server.stop(server.process, -1, server.folder)
    assert server.process.poll() is None
    local_server.stop(server.process, os.getpid(), server.folder)


def test_it_ends_when_this_process_is_killed(tmp_path: Path) -> None:
    """The server reads our end of a pipe; however we end, the pipe closes."""
    body = 'sys.stdin.read(); ready.with_name("ended").write_text("")'
    script = tmp_path / "server.py"
    script.write_text(
        FAKE_MODULE.replace("{body}", 'ready.write_text(json.dumps({"url": "u", "token": "t"})); ' + body)
    )
    client = f"""
import os, signal, subprocess, sys
from kremote import local_server
popen = subprocess.Popen
subprocess.Popen = lambda command, **options: popen([sys.executable, {str(script)!r}, *command[3:]], **options)
local_server.tempfile.mkdtemp = lambda prefix: {str(tmp_path)!r}
local_server.start()
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", client], check=False, timeout=60)
    until = time.monotonic() + 20
    while not (tmp_path / "ended").exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_server_that_does_not_start_shows_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, 'sys.exit("no device")')
    with pytest.raises(ConnectionFailed, match="no device"):
        local_server.local_server()


def test_one_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in(monkeypatch, tmp_path, "time.sleep(60)")
    monkeypatch.setattr(local_server, "_START_SECONDS", 0.3)
    with pytest.raises(ConnectionFailed, match="did not start"):
        local_server.local_server()


def test_the_user_s_own_server_settings_do_not_reach_it(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KREMOTE_TOKENS", "/nowhere")
    monkeypatch.setenv("KREMOTE_HOST", "0.0.0.0")
    environment = local_server.server_environment()
    assert not [name for name in environment if name.startswith("KREMOTE_")]
    assert "PATH" in environment


@pytest.mark.parametrize("missing", ["tensorflow", "fastapi", "kremote_server"])
def test_without_the_server_extra_the_error_says_what_to_do(run_thin: RunThin, missing: str) -> None:
    source = """
    from kremote import backend as K
    try:
        K.ones((2, 2))
    except ConnectionError as error:
        print(error)
    """
    said = run_thin(source, hidden=(missing,)).stdout
    assert f"{missing} to run one here is not installed" in said
    assert "K.connect(url, token=...)" in said
    assert "pip install 'kremote[server]'" in said


def test_asking_what_is_installed_imports_nothing_of_it(run_thin: RunThin) -> None:
    source = """
    import sys
    from kremote import local_server
    local_server.start = lambda: local_server.LocalServer("http://127.0.0.1:1", "t", None, None)
    local_server.local_server()
    print([name for name in ("tensorflow", "fastapi", "uvicorn") if name in sys.modules])
    """
    assert run_thin(source, hidden=()).stdout.strip() == "[]"


def test_a_private_server_of_numpy_needs_no_tensorflow(run_thin: RunThin) -> None:
    source = """
        from kremote import backend as K
        print(K.eval(K.dot(K.ones((1, 2)), K.ones((2, 1))))[0, 0], K.backend())
    """
    hidden = ("tensorflow", "tf_keras", "keras")
    assert run_thin(source, hidden=hidden, KERAS_BACKEND="numpy").stdout == "2.0 numpy\n"
