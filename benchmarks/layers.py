"""Where a small op's microseconds go: an 8x8 add and its fetch, with one layer more each time.

.venv-benchmark/bin/python -m benchmarks.layers [--repetitions 7] [--calls 300]

Each step is measured for itself, in turns; a layer is the difference of two steps.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

from .bare_server import REPLY, REQUEST_BYTES, BareServer
from .outcome import percentile
from .report import record
from .server import Server
from .systems import network
from .systems.load import RESULT, Connection, Load, open_connection
from .systems.system import Work, measured
from .worker_link import WorkerLink

Steps = dict[str, Callable[[], Any]]


@dataclass(frozen=True)
class Layer:
    """What some steps take less others."""

    name: str
    more: tuple[str, ...]
    less: tuple[str, ...] = ()

    def seconds(self, medians: dict[str, float]) -> float:
        """The layer's own time."""
        return sum(medians[step] for step in self.more) - sum(medians[step] for step in self.less)


#: They add up to the step `client`.
LAYERS = (
    Layer("client: call, packing, queue, handle, array", ("client in process",), ("worker in process",)),
    Layer("client: HTTP", ("client", "worker in process"), ("raw HTTP", "client in process")),
    Layer("loopback: two processes, there and back", ("tcp",)),
    Layer("uvicorn: HTTP, ASGI", ("uvicorn",), ("tcp",)),
    Layer("gateway: its own, and the link's near side", ("raw HTTP",), ("uvicorn", "worker's link")),
    Layer("link: Unix socket, there and back, the worker's thread", ("worker's link",), ("worker in process",)),
    Layer("worker: decoding, session, reply", ("worker in process",), ("engine",)),
    Layer("engine: the add and its bytes", ("engine",)),
)
HEAD = {"route": "run", "session": "layers", "method": "POST", "path": {}, "query": {}}
TYPES = {"content_type": "application/msgpack", "accept": "application/msgpack"}


def _body(x: dict[str, Any]) -> bytes:
    add = {"id": RESULT, "op": "operator.add", "args": {"x": x, "y": x}}
    return bytes(msgpack.packb({"instructions": [add], "fetch": [{"ref": RESULT}], "free": [RESULT]}))


def _made() -> bytes:
    ones = {"dtype": "float32", "shape": [8, 8], "data": np.ones((8, 8), "float32").tobytes()}
    return bytes(msgpack.packb({"instructions": [{"id": 1, "op": "constant", "args": {"value": ones}}]}))


def _engine() -> Steps:
    import tensorflow as tf

    a = tf.constant(network.small())
    return {"engine": lambda: tf.add(a, a).numpy().tobytes()}


def _in_process() -> Steps:
    """The worker's code called here, by bytes and by the client."""
    from kremote import backend as K
    from kremote_server.link_messages import Request

    from .systems.in_process import connect_in_process

    session = connect_in_process()
    a, worker = K.constant(network.small()), session._transport._worker  # type: ignore[attr-defined]
    worker.handle(Request({**HEAD, **TYPES, "route": "create"}, memoryview(bytearray(msgpack.packb({})))))
    worker.handle(Request({**HEAD, **TYPES}, memoryview(bytearray(_made()))))
    body = _body({"ref": 1})
    return {
        "worker in process": lambda: worker.handle(Request({**HEAD, **TYPES}, memoryview(bytearray(body)))),
        "client in process": lambda: K.eval(a + a),
    }


def _worker(exits: ExitStack) -> Steps:
    link = exits.enter_context(closing(WorkerLink()))
    link.ask({**HEAD, **TYPES, "route": "create"}, bytes(msgpack.packb({})))
    link.ask({**HEAD, **TYPES}, _made())
    body = _body({"ref": 1})
    return {"worker's link": lambda: link.ask({**HEAD, **TYPES}, body)}


def _bare(exits: ExitStack) -> Steps:
    tcp = open_connection(("127.0.0.1", exits.enter_context(closing(BareServer("tcp"))).port))
    uvicorn = open_connection(("127.0.0.1", exits.enter_context(closing(BareServer("uvicorn"))).port))
    connection, message = Connection([], uvicorn), bytes(REQUEST_BYTES)
    head = b"POST /v1/sessions/x/run HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 200\r\n"
    request = head + b"x-padding: " + bytes(b"x" * (REQUEST_BYTES - len(head) - 215)) + b"\r\n\r\n" + bytes(200)

    def once() -> None:
        tcp.sendall(message)
        received = 0
        while received < len(REPLY):
            received += len(tcp.recv(1 << 16))

    return {"tcp": once, "uvicorn": lambda: connection.ask(request)}


def _deployed(exits: ExitStack) -> Steps:
    from kremote import Session

    server = exits.enter_context(closing(Server()))
    os.environ.update(server.environment)
    load = exits.enter_context(closing(Load()))
    client = load.client()
    session = exits.enter_context(closing(Session(server.url, server.token)))
    a = session.K.constant(network.small())
    return {"raw HTTP": lambda: client.ask(client.requests[0]), "client": lambda: session.K.eval(a + a)}


@contextmanager
def _steps() -> Iterator[Steps]:
    with ExitStack() as exits:
        yield {**_engine(), **_in_process(), **_worker(exits), **_bare(exits), **_deployed(exits)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--calls", type=int, default=300)
    options = parser.parse_args()
    taken: dict[str, list[float]] = {}
    with _steps() as steps:
        for repetition in range(options.repetitions + 1):
            for name, once in steps.items():
                seconds = measured(Work(once), options.calls)
                taken.setdefault(name, []).extend(seconds if repetition else [])
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    print(", ".join(f"{name} {value}" for name, value in record.machine().items() if value))
    print("\n| step | median µs | p10 µs |\n|---|---|---|")
    for name, seconds in taken.items():
        print(f"| {name} | {medians[name] * 1e6:.0f} | {percentile(seconds, 0.1) * 1e6:.0f} |")
    print("\n| layer | µs |\n|---|---|")
    for layer in LAYERS:
        print(f"| {layer.name} | {layer.seconds(medians) * 1e6:.0f} |")
    print(f"| all | {medians['client'] * 1e6:.0f} |")


if __name__ == "__main__":
    main()
