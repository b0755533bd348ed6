"""A TCP connection on loopback, both ends of it."""

from __future__ import annotations

import socket


def connected() -> tuple[socket.socket, socket.socket]:
    """The end that connected, and the one that accepted."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connecting = socket.create_connection(listening.getsockname())
        accepted, _ = listening.accept()
    return connecting, accepted
