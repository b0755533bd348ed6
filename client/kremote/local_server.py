"""A private server on this machine, for a client that is told of none."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from kremote_proto.errors import ConnectionFailed

from .settings import current_settings

#: What the gateway extra installs, as far as a server cannot do without it.
SERVER_PACKAGES = ("kremote_server", "fastapi", "uvicorn")
_START_SECONDS = 120.0


@dataclass
class LocalServer:
    """A server process that ends with this one."""

    url: str
    token: str = field(repr=False)
    process: subprocess.Popen[bytes] = field(repr=False)
    #: Where its log is, and its token.
    folder: Path = field(repr=False)


_server: LocalServer | None = None
_owner = 0


def local_server() -> LocalServer:
    """The private server of this process, started at the first call; says so on stderr.

    Raises `ConnectionFailed` with what to do where the server extra is not installed.
    """
    global _server, _owner
    if _server is not None and (_server.process.poll() is None or _owner != os.getpid()):
        return _server
    needed = [*SERVER_PACKAGES, *(["tensorflow"] if current_settings().backend == "tensorflow" else [])]
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ConnectionFailed(
            f"there is no server to compute on: none is connected, and {', '.join(missing)} "
            "to run one here is not installed",
            hint="K.connect(url, token=...) or KREMOTE_URL names a server; "
            "pip install 'kremote[server]' lets this machine be one",
        )
    _server, _owner = start(), os.getpid()
    print(
        f"kremote: no server is connected, so a private one runs at {_server.url} until this process ends",
        file=sys.stderr,
    )
    return _server


def start() -> LocalServer:
    """Start a server on a free port and wait until it is ready."""
    folder = Path(tempfile.mkdtemp(prefix="kremote-"))
    ready, log = folder / "ready.json", folder / "log"
    command = [sys.executable, "-m", "kremote_server", "serve", "--port", "0", "--ready-file", str(ready)]
    command += ["--backend", current_settings().backend, "--exit-with-parent"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=folder, env=server_environment()
        )
    atexit.register(stop, process, os.getpid(), folder)
    until = time.monotonic() + _START_SECONDS
    while not (ready.exists() and ready.stat().st_size):
        if process.poll() is not None or time.monotonic() > until:
            said = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            stop(process, os.getpid(), folder)
            raise ConnectionFailed(f"the private local server did not start; the last it said:\n{said}")
        time.sleep(0.05)
    written = json.loads(ready.read_text())
    return LocalServer(written["url"], written["token"], process, folder)


def server_environment() -> dict[str, str]:
    """This process's environment without what is meant for another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KREMOTE_")}


def stop(process: subprocess.Popen[bytes], owner: int, folder: Path) -> None:
    """End a server this process started, and remove its files; a forked child leaves both alone."""
    if os.getpid() != owner:
        return
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    shutil.rmtree(folder, ignore_errors=True)
