"""A real server for the tests that need one, K connected to it, and interpreters that have no TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest

#: Examples of hypothesis take the time a loaded machine gives them. Where a run has to say the same as the last one
#: (`--hypothesis-profile=repeatable`) they are the same each time; elsewhere they are new ones.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("unhurried")

#: Nobody's own settings reach a test: keras.json is the tests' own, and no KREMOTE_ or KERAS_ variable is set.
_KERAS_HOME = tempfile.TemporaryDirectory(prefix="kremote-keras-home-")
for _name in [name for name in os.environ if name.startswith(("KREMOTE_", "KERAS_"))]:
    if not _name.startswith("KREMOTE_TEST_"):
        del os.environ[_name]
os.environ["KERAS_HOME"] = _KERAS_HOME.name
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

_START_SECONDS = 180.0


@dataclass
class Server:
    """A server process."""

    url: str
    token: str
    log: Path
    process: subprocess.Popen[bytes]

    def log_tail(self, lines: int = 15) -> str:
        """The end of what the server wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def running_server(folder: Path, *options: str) -> Iterator[Server]:
    """A server on a free port, with further options of `kremote serve`; it ends with the block."""
    ready, log = folder / "ready.json", folder / "server.log"
    command = [sys.executable, "-m", "kremote_server", "serve", "--port", "0", "--ready-file", str(ready)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--exit-with-parent", *options], stdin=subprocess.PIPE, stdout=output, stderr=output
        )
    try:
        yield _when_ready(process, ready, log)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _when_ready(process: subprocess.Popen[bytes], ready: Path, log: Path) -> Server:
    until = time.monotonic() + _START_SECONDS
    while True:
        with suppress(OSError, ValueError):  # not there yet, or not complete
            written = json.loads(ready.read_text())
            return Server(written["url"], written["token"], log, process)
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')}", pytrace=False)
        time.sleep(0.05)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for every test of this process."""
    with running_server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def start_server(tmp_path: Path) -> Callable[..., Any]:
    """What starts a server of one's own, with options: `with start_server("--workers", "2") as server: ...`."""
    return lambda *options: running_server(Path(tempfile.mkdtemp(dir=tmp_path)), *options)


@pytest.fixture
def settings_restored() -> Iterator[None]:
    """K's settings and numbers are as at the start, before and after."""
    from kremote.configuration import reset_configuration
    from kremote.phases import reset_learning_phase

    reset_configuration()
    reset_learning_phase()
    yield
    reset_configuration()
    reset_learning_phase()


@pytest.fixture
def K(server: Server, settings_restored: None) -> Iterator[ModuleType]:
    """kremote.backend, connected to the server with a session of the test's own."""
    from kremote import backend

    session = backend.connect(server.url, token=server.token)
    yield backend
    session.delete()
    backend.disconnect()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    used = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(used, Server):
        report.sections.append(("server log", used.log_tail()))


#: What makes an interpreter behave as if packages were not installed.
_HIDING = """
import sys

class Without:
    def __init__(self, finder, hidden):
        self.finder, self.hidden = finder, hidden
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.hidden:
            return None
        return self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)

sys.meta_path[:] = [Without(finder, {hidden!r}) for finder in sys.meta_path]
"""
HIDDEN = ("tensorflow", "tf_keras", "keras", "kremote_server", "fastapi", "uvicorn")


def without(folder: Path, hidden: tuple[str, ...]) -> Path:
    """The folder, which on PYTHONPATH makes an interpreter behave as if packages were not installed."""
    (folder / "sitecustomize.py").write_text(_HIDING.replace("{hidden!r}", repr(hidden)))
    return folder


RunThin = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_thin(tmp_path: Path) -> RunThin:
    """What runs a program as a client's machine would: with neither TensorFlow nor the server's packages.

    `run_thin(source, KREMOTE_URL=...)` gives the completed process; it fails the test when the program fails, unless
    `check=False`. `hidden` names the packages that are not there.
    """

    def run(
        source: str, *, check: bool = True, hidden: tuple[str, ...] = HIDDEN, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        folder = without(Path(tempfile.mkdtemp(dir=tmp_path)), hidden)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(source)],
            env={**os.environ, "PYTHONPATH": str(folder), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    return run
