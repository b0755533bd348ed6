"""A kremote server as it is deployed: gateway and worker, processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .processes import tree

_START_SECONDS = 120


class Server:
    """A server on a free port of loopback, of the environment that runs the benchmark."""

    def __init__(self, durability: str | None = None) -> None:
        """Start it; with a durability it keeps sessions on disk."""
        self._folder = tempfile.TemporaryDirectory(prefix="kremote-bench-")
        self._ready = Path(self._folder.name) / "ready.json"
        self._log = Path(self._folder.name) / "log"
        command = [sys.executable, "-m", "kremote_server", "serve", "--port", "0", "--exit-with-parent"]
        if durability is not None:
            command += ["--state-dir", f"{self._folder.name}/state", "--durability", durability]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--ready-file", str(self._ready)], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        try:
            address = self._address()
        except BaseException:
            self.close()
            raise
        self.url, self.token = str(address["url"]), str(address["token"])
        self.gateway = self._process.pid
        self.worker = next(process for process in tree(self.gateway) if _runs(process, "kremote_server.worker"))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that tell clients of the server."""
        return {"KREMOTE_URL": self.url, "KREMOTE_TOKEN": self.token}

    @property
    def processes(self) -> dict[str, list[int]]:
        """The server's processes by what they are."""
        return {"gateway": [self.gateway], "worker": tree(self.worker)}

    def _address(self) -> dict[str, Any]:
        end = time.monotonic() + _START_SECONDS
        while not (self._ready.exists() and (text := self._ready.read_text())):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server did not start:\n{self._log.read_text()}")
            time.sleep(0.05)
        return json.loads(text)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()


def _runs(process: int, module: str) -> bool:
    return module in Path(f"/proc/{process}/cmdline").read_text()
