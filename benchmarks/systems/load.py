"""Clients of small ops as raw HTTP: many connections driven by one process, so that clients cost little.

A client sends a request that was encoded once (an add of two 8x8 values, fetched and freed), reads the reply, and sends
again. Sockets are watched by one selector; of a reply only the status and the length are looked at.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgpack
import numpy as np

from .echo import Echo
from .system import System

#: The id of the op's result.
RESULT = 1 << 30


def open_connection(address: tuple[str, int]) -> socket.socket:
    """A TCP connection that sends at once."""
    connection = socket.create_connection(address)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@dataclass
class Connection:
    """A keep-alive connection that repeats requests in turns."""

    requests: list[bytes]
    connection: socket.socket
    #: The request that ends its session.
    last: bytes = b""
    _received: bytes = b""

    def send(self) -> None:
        """The first request."""
        self.connection.sendall(self.requests[0])

    def receive(self) -> bytes | None:
        """A whole reply's body, once it is there."""
        self._received += self.connection.recv(1 << 18)
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        if len(body) < _length(head):
            return None
        if head.split(b" ", 2)[1] not in (b"200", b"201", b"204"):
            raise RuntimeError(f"refused: {self._received!r}")
        self._received = b""
        return body

    def ask(self, request: bytes) -> bytes:
        """The reply's body to one request."""
        self.connection.sendall(request)
        while (body := self.receive()) is None:
            pass
        return body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    raise RuntimeError(f"a reply without a length: {head!r}")


class Load(System):
    """Clients of the server that `KREMOTE_URL` names."""

    def __init__(self) -> None:
        address = urlsplit(os.environ["KREMOTE_URL"])
        self._address = (address.hostname or "", address.port or 80)
        self._token = os.environ["KREMOTE_TOKEN"]
        self._clients: list[Connection] = []
        self._echo = Echo()

    def tasks(self) -> Mapping[str, Callable[..., dict[str, Any]]]:
        return {"clients": self._driven, "probe": self._probed}

    def _driven(self, clients: int, seconds: float) -> dict[str, Any]:
        """Ops a second of so many clients, and the share of a core that this process used."""
        self._clients += [self.client() for _ in range(clients - len(self._clients))]
        return drive(self._clients[:clients], seconds)

    def _probed(self, seconds: float, pause: float) -> dict[str, Any]:
        """Seconds of ops, of the gateway's own routes and of a bare echo, each again and again with pauses."""
        self._clients += [] if self._clients else [self.client()]
        routes = self._connect([self._request("GET", "/healthz"), self._request("GET", "/v1/sessions")])
        probes: dict[str, Connection | Echo] = {"ops": self._clients[0], "routes": routes, "echo": self._echo}
        taken: dict[str, Any] = {}

        def probe(name: str) -> None:
            taken[name] = repeat(probes[name], seconds, pause)

        threads = [threading.Thread(target=probe, args=(name,)) for name in probes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        routes.connection.close()
        return taken

    def _request(self, method: str, path: str, body: Any = None) -> bytes:
        content = b"" if body is None else msgpack.packb(body)
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._address[0]}:{self._address[1]}"]
        lines += [f"authorization: Bearer {self._token}", "content-type: application/msgpack"]
        lines += ["accept: application/msgpack", f"content-length: {len(content)}", "", ""]
        return "\r\n".join(lines).encode() + content

    def _connect(self, requests: list[bytes]) -> Connection:
        return Connection(requests, open_connection(self._address))

    def client(self) -> Connection:
        """A client with a session of its own that holds an 8x8 value."""
        client = self._connect([])
        opened = msgpack.unpackb(client.ask(self._request("POST", "/v1/sessions", {})))
        session = f"/v1/sessions/{opened['session']}"
        ones = {"dtype": "float32", "shape": [8, 8], "data": np.ones((8, 8), "float32").tobytes()}
        made = msgpack.unpackb(client.ask(self._request("POST", f"{session}/ops/constant", {"value": ones})))
        x = {"ref": made["id"]}
        add = {"id": RESULT, "op": "operator.add", "args": {"x": x, "y": x}}
        program = {"instructions": [add], "fetch": [{"ref": RESULT}], "free": [RESULT]}
        client.requests = [self._request("POST", f"{session}/run", program)]
        client.last = self._request("DELETE", session)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.ask(client.last)
            client.connection.close()
        self._echo.close()


def repeat(connection: Connection | Echo, seconds: float, pause: float) -> list[float]:
    """Seconds of each request, with pauses between."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        connection.ask(connection.requests[len(taken) % len(connection.requests)])
        taken.append(time.perf_counter() - began)
        time.sleep(pause)
    return taken


def drive(connections: list[Connection], seconds: float) -> dict[str, Any]:
    """Repeat on all connections at once: requests a second, and the share of a core that it took here."""
    with selectors.DefaultSelector() as selector:
        for each in connections:
            selector.register(each.connection, selectors.EVENT_READ, each)
        cpu, began, done = time.process_time(), time.perf_counter(), 0
        for each in connections:
            each.send()
        while (now := time.perf_counter()) < began + seconds:
            for key, _ in selector.select(began + seconds - now):
                if key.data.receive() is not None:
                    done += 1
                    key.data.send()
        taken = time.perf_counter() - began
        share = (time.process_time() - cpu) / taken
    for each in connections:
        while each.receive() is None:
            pass
    return {"rate": done / taken, "share": share}


def start() -> System:
    """The system."""
    return Load()
