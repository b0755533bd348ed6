"""Servers that do nothing but answer, to tell what a layer costs: `python -m benchmarks.bare_server tcp|uvicorn`."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import Any

from .system_process import ROOT

#: About what the reply to a small op weighs, and what a request with its headers does.
REPLY = bytes(400)
REQUEST_BYTES = 500


def _answer_tcp(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while connection.recv(1 << 16):
        connection.sendall(REPLY)


async def _application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The shortest ASGI application that reads a body and answers."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", str(len(REPLY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": REPLY})


def main() -> None:
    """Say the port, then answer until ended."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        if sys.argv[1] == "tcp":
            _answer_tcp(listening)
        else:
            import uvicorn

            config = uvicorn.Config(_application, log_level="warning", access_log=False, lifespan="off")
            uvicorn.Server(config).run([listening])


class BareServer:
    """One in a process of its own."""

    def __init__(self, kind: str) -> None:
        command = [sys.executable, "-m", __name__, kind]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


if __name__ == "__main__":
    main()
