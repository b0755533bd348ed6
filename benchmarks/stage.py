"""Where rows are measured: the server and the systems that run, started when first wanted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from .environments import KERAS_SYSTEMS, python_of
from .scale import Scale
from .server import Server
from .system_process import SystemProcess

#: Systems that are clients of the server.
ON_SERVER = ("kremote", "keras", "load", "neighbour")


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
            started = self.start(name)
            self._exits.callback(started.close)
            self._systems[name] = started
        return self._systems[name]

    def start(self, name: str, environment: Mapping[str, str] | None = None) -> SystemProcess:
        """A process of its own for a system, which the caller closes."""
        keras = {"KERAS_BACKEND": "kremote.keras_backend"} if name in KERAS_SYSTEMS else {}
        if name in ON_SERVER:
            server = self.server
            said = server.environment if environment is None else environment
            return SystemProcess(name, python_of(name), {**keras, **said}, lambda: server.processes)
        return SystemProcess(name, python_of(name), {**keras, **(environment or {})})

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *error: object) -> None:
        self._exits.close()
