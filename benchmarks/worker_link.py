"""A worker with no gateway before it, and the link to it spoken here."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from kremote_server.framing import END, frame, frame_length, pack_head, unpack_head

from .system_process import ROOT

_START_SECONDS = 120


class WorkerLink:
    """One connection of the link to a worker in a process of its own."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kremote-bench-")
        path = Path(self._folder.name) / "socket"
        command = [sys.executable, "-m", "kremote_server.worker", "--socket", str(path)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        end = time.monotonic() + _START_SECONDS
        while not path.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the worker did not start")
            time.sleep(0.05)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")

    def ask(self, head: dict[str, Any], body: bytes) -> bytes:
        """The body of the reply to a request."""
        self._socket.sendall(pack_head(head) + frame(body) + body + END)
        status = unpack_head(self._piece())["status"]
        content = b""
        while piece := self._piece():
            content += piece
        if status >= 300:
            raise RuntimeError(f"the worker refused: {content!r}")
        return content

    def _piece(self) -> bytes:
        return self._file.read(frame_length(self._file.read(4), 1 << 20))

    def close(self) -> None:
        """End the worker."""
        self._file.close()
        self._socket.close()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()
