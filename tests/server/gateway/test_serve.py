"""`kremote serve` as a process: where it listens, what it says, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from kremote_server.__main__ import main
from kremote_server.guard import is_loopback
from kremote_server.pool import ChildLauncher
from kremote_server.server import bind
from kremote_server.settings import BadSetting

from .running import SECONDS, Running, environment, fake_python, is_alive, launch, opened, start, value


def refused(*arguments: str) -> str:
    """What `kremote serve` says when it does not start."""
    result = CliRunner().invoke(main, ["serve", "--port", "0", *arguments], env={"KREMOTE_TOKENS": None})
    assert result.exit_code == 1
    return result.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_it_listens_elsewhere_only_with_tokens(host: str) -> None:
    said = refused("--host", host)
    assert said.startswith(f"kremote: refusing to listen on {host} without tokens")
    assert "kremote token create NAME --tokens FILE" in said


def test_a_tokens_file_without_a_token_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("# nobody yet\n")
    assert "expected a token in" in refused("--tokens", str(tmp_path / "tokens"))
    assert "expected a tokens file at" in refused("--tokens", str(tmp_path / "none"))


def test_a_busy_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BadSetting) as caught:
        bind("127.0.0.1", taken.getsockname()[1])
    assert "another program listens there; choose another with --port" in str(caught.value)


@pytest.mark.parametrize(("host", "expected"), [("no.such.host.invalid", "host name"), ("192.0.2.1", "cannot listen")])
def test_an_address_that_is_not_ours_is_said(host: str, expected: str) -> None:
    with pytest.raises(BadSetting, match=expected):
        bind(host, 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("gpu-box", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_without_tokens_it_makes_one(tmp_path: Path) -> None:
    running = start(tmp_path, users=())
    ready = tmp_path / "ready.json"
    written = json.loads(ready.read_text())
    assert ready.stat().st_mode & 0o777 == 0o600
    assert written["pid"] == running.process.pid
    assert f"{written['url']}\n\nIts token is shown on a terminal only; it is in {ready}.\n" in running.output
    assert written["token"] not in running.output
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", written["url"])
    assert running.output.endswith("Ready.\n")
    with running.client("local") as client:
        assert value(client.get("/v1/status"))["user"] == "local"
    running.process.send_signal(signal.SIGINT)
    assert running.stop() == 0, "an interrupt is no error"
    assert "Traceback" not in running.log
    assert not ready.exists()


def test_on_a_terminal_it_prints_its_token(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    options = ["--port", "0", "--python", str(fake_python(tmp_path))]
    with (tmp_path / "log").open("wb") as log, open(ours, "rb", buffering=0) as terminal:
        command = [sys.executable, "-m", "kremote_server", "serve", *options]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=log, env=environment())
        os.close(theirs)
        shown = b""
        while b"Ready." not in shown:
            shown += terminal.read(1 << 12)
    process.terminate()
    assert process.wait(SECONDS) == 0
    found = re.search(r"(http://127\.0\.0\.1:\d+)/#token=(\S+)", shown.decode())
    assert found, "behind #, it stays in the browser"
    assert f'K.connect("{found[1]}", token="{found[2]}")' in shown.decode()
    assert found[2] not in (tmp_path / "log").read_text()


def test_with_tokens_it_prints_none(server: Running) -> None:
    assert server.url in server.output
    assert "token=" not in server.output


def test_a_shutdown_finishes_what_runs(tmp_path: Path) -> None:
    running = start(tmp_path)
    with running.client() as client:
        session = opened(client)
        worker = value(client.post(f"{session}/ops/dot"))["pid"]
        found: list[int] = []

        def sleep() -> None:
            found.append(client.post(f"{session}/ops/sleep", json={"seconds": 1.0}).status_code)

        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        time.sleep(0.3)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), 1)
        sleeper.join(SECONDS)
        assert found == [200]
    assert running.stop() == 0
    assert not is_alive(worker)


def test_a_shutdown_waits_no_longer_than_it_is_told(tmp_path: Path) -> None:
    running = start(tmp_path, "--shutdown-seconds", "1")
    with running.client() as client:
        session = opened(client)
        sleeper = threading.Thread(
            target=lambda: client.post(f"{session}/ops/sleep", json={"seconds": 15}), daemon=True
        )
        sleeper.start()
        time.sleep(0.3)
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 10
        sleeper.join(5)


def test_it_ends_with_its_parent_where_told(tmp_path: Path) -> None:
    running = start(tmp_path, "--exit-with-parent")
    assert running.process.stdin
    running.process.stdin.close()
    assert running.process.wait(SECONDS) == 0


def test_workers_do_not_outlive_a_killed_gateway(tmp_path: Path) -> None:
    running = start(tmp_path)
    with running.client() as client:
        worker = value(client.post(f"{opened(client)}/ops/dot"))["pid"]
    running.process.kill()
    running.stop()
    until = time.monotonic() + 5
    while is_alive(worker):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_an_engine_that_cannot_run_ends_the_server(tmp_path: Path) -> None:
    process = launch(tmp_path, "--backend", "refused", "--port", "0")
    assert process.wait(SECONDS) == 1
    assert "worker 0 cannot run engine refused; its reason is above" in (tmp_path / "log").read_text()
    assert process.stdin
    process.stdin.close()


def test_an_interpreter_that_is_not_there_ends_the_server(tmp_path: Path) -> None:
    process = launch(tmp_path, "--python", "/no/such/python", "--port", "0")
    assert process.wait(SECONDS) == 1
    log = (tmp_path / "log").read_text()
    assert "the interpreter /no/such/python cannot be run: No such file or directory" in log
    assert process.stdin
    process.stdin.close()


def test_it_can_be_told_by_environment_and_file_to_listen_everywhere(tmp_path: Path) -> None:
    config = tmp_path / "kremote.toml"
    config.write_text('backend = "fake,other"\nworkers = 3\nhost = "0.0.0.0"\n')
    running = start(tmp_path, KREMOTE_CONFIG=str(config), KREMOTE_WORKERS="1")
    try:
        assert running.url.startswith("http://127.0.0.1:")
        with running.client() as client:
            assert client.get("/healthz", headers={"host": "gpu-box"}).status_code == 200
            assert value(client.get("/v1/status"))["engines"] == ["fake", "other"]
            assert len(value(client.get("/v1/status"))["workers"]) == 2
    finally:
        running.stop()


@pytest.mark.parametrize("name", ["t", "t" * 100])
def test_sockets_lie_in_a_private_folder_that_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))

    async def conversation() -> Path:
        launcher = ChildLauncher(str(fake_python(tmp_path)), {"body_bytes": 1})
        process = await launcher.start("fake", 0, "w99-99999")
        folder = Path(process.address).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(os.fsencode(process.address)) < 108
        await process.stop()
        launcher.close()
        return folder

    assert not asyncio.run(conversation()).exists()
