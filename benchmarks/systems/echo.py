"""A byte to another process and back over TCP: what the machine itself makes everybody wait."""

from __future__ import annotations

import multiprocessing
import socket
from contextlib import suppress

from .loopback import connected


def _serve(connection: socket.socket) -> None:
    with suppress(ConnectionError):
        while received := connection.recv(64):
            connection.sendall(received)


class Echo:
    """One connection to a process that sends back what it gets."""

    def __init__(self) -> None:
        self._connection, accepted = connected()
        for each in (self._connection, accepted):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._process = multiprocessing.get_context("fork").Process(target=self._child, args=(accepted,), daemon=True)
        self._process.start()
        accepted.close()
        self.requests = [b"e"]

    def _child(self, accepted: socket.socket) -> None:
        self._connection.close()
        _serve(accepted)

    def ask(self, request: bytes) -> bytes:
        """What comes back."""
        self._connection.sendall(request)
        return self._connection.recv(64)

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(5)
