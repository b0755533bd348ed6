"""Where rows are measured: the server and the systems that run, started when first wanted."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from .scale import Scale
from .server import Server
from .system_process import ROOT, SystemProcess

#: The peers, by their module: the packages that they need and the names people know.
PEERS = {"ray": ("ray", "Ray"), "torch": ("torch", "torch RPC"), "dask": ("distributed", "Dask")}


def peer_python(peer: str) -> Path:
    """The Python of a peer's environment, there or not."""
    return ROOT / f".venv-benchmark-{peer}" / "bin" / "python"


class Stage:
    """Processes of one run. They stay for the rows to come, and end with the run."""

    def __init__(self, scale: Scale, peers: list[str]) -> None:
        self.scale = scale
        self.peers = peers
        self._exits = ExitStack()
        self._server: Server | None = None
        self._systems: dict[str, SystemProcess] = {}

    @property
    def server(self) -> Server:
        """The server that all rows share."""
        if self._server is None:
            self._server = Server()
            self._exits.callback(self._server.close)
        return self._server

    def system(self, name: str) -> SystemProcess:
        """A system's process, the same one each time."""
        if name not in self._systems:
            started = self._started(name)
            self._exits.callback(started.close)
            self._systems[name] = started
        return self._systems[name]

    def _started(self, name: str) -> SystemProcess:
        if name in PEERS:
            return SystemProcess(name, peer_python(name), {})
        if name == "kremote":
            server = self.server
            return SystemProcess(name, Path(sys.executable), server.environment, lambda: server.processes)
        return SystemProcess(name, Path(sys.executable), {})

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *error: object) -> None:
        self._exits.close()
