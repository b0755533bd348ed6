"""A worker with a state directory, without a socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from kremote_proto import codec
from kremote_server.engines.loading import load_engine
from kremote_server.link_messages import Reply, Request
from kremote_server.worker.keeper import Keeper, StateSettings
from kremote_server.worker.limits import Limits
from kremote_server.worker.requests import Worker
from kremote_server.worker.session import FIRST_CLIENT_ID, Session
from kremote_server.worker.store import Store

A, B, C, D = (FIRST_CLIENT_ID + n for n in range(4))
OCTETS = "application/octet-stream"


class Process:
    """A worker and its one session; another one on the same directory is its successor."""

    worker: Worker
    #: The last one of each directory, which is over when there is another.
    _living: ClassVar[dict[Path, Process]] = {}

    def __init__(self, directory: Path, engine: str = "numpy", **settings: Any) -> None:
        before = self._living.get(directory)
        for session in before.worker.sessions.values() if before else ():
            if session.keeper is not None:
                session.keeper.hold.release()
        self._living[directory] = self
        self.worker = Worker(load_engine(engine), "cpu", Limits(), Store(StateSettings(str(directory), **settings)))

    def ask(self, head: dict[str, Any], body: bytes = b"") -> Reply:
        return self.worker.handle(Request({"session": "s", **head}, memoryview(bytearray(body))))

    def asked(self, head: dict[str, Any], body: bytes = b"") -> Any:
        """The decoded reply."""
        return codec.decode(self.ask(head, body).body)  # type: ignore[arg-type]

    def run(self, *instructions: dict[str, Any], sequence: str | None = None, **more: Any) -> Any:
        body = {"instructions": [*instructions], "fetch": [], "free": [], **more}
        head = {"route": "run"} | ({} if sequence is None else {"sequence": sequence})
        return self.asked(head, codec.encode(body))

    def value(self, identifier: int) -> Any:
        """The array under an id, or the code of its error."""
        wire = self.run(fetch=[{"ref": identifier}])["values"][0]
        return wire["error"]["code"] if "error" in wire else np.frombuffer(wire["data"], wire["dtype"])

    def put(self, address: dict[str, Any], array: Any, **more: Any) -> Reply:
        query = {"dtype": array.dtype.name, "shape": ",".join(map(str, array.shape)), **more.pop("query", {})}
        route = "variable" if "name" in address else "tensor"
        head = {"route": route, "method": "PUT", "path": address, "content_type": OCTETS, "query": query}
        return self.ask({**head, **more}, array.tobytes())

    @property
    def session(self) -> Session:
        return self.worker.sessions["s"]

    @property
    def keeper(self) -> Keeper:
        assert self.session.keeper is not None
        return self.session.keeper

    @property
    def counts(self) -> Any:
        assert self.worker.store is not None
        return self.worker.store.counts

    def snapshot(self) -> None:
        """Make a snapshot and wait for it."""
        self.keeper.snapshot(self.session)
        self.keeper.wait()


def begun(directory: Path, engine: str = "numpy", **settings: Any) -> Process:
    """A process with a new session."""
    process = Process(directory, engine, **settings)
    assert process.ask({"route": "create"}).status == 200
    return process


def instruction(identifier: int, op: str, **arguments: Any) -> dict[str, Any]:
    return {"op": op, "args": arguments, "id": identifier}


def variable(identifier: int, value: Any, **more: Any) -> dict[str, Any]:
    return instruction(identifier, "variable", value=value, dtype="float32", **more)


def add(identifier: int, to: int, amount: Any) -> dict[str, Any]:
    return instruction(identifier, "update_add", x={"ref": to}, increment=amount)


def noise(identifier: int) -> dict[str, Any]:
    return instruction(identifier, "random_normal", shape=[3], mean=0.0, stddev=1.0, dtype="float32")
