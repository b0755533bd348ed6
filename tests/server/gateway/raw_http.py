"""Bytes on a connection, for what no HTTP library would send."""

from __future__ import annotations

import re
import socket
import time

import httpx

from .running import SECONDS, Running


def connected(running: Running) -> socket.socket:
    url = httpx.URL(running.url)
    return socket.create_connection((url.host, url.port), SECONDS)


def head(line: str, *headers: str, token: str | None = None) -> bytes:
    """The head of a request to this machine's server."""
    authorization = [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *authorization, *headers, "", ""]).encode("latin-1")


def received(connection: socket.socket, seconds: float = SECONDS) -> bytes:
    """All that comes until the server ends the connection, or so many seconds went by."""
    data, until = b"", time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            piece = connection.recv(1 << 16)
        except (TimeoutError, ConnectionError):
            break
        if not piece:
            break
        data += piece
    return data


def answered(running: Running, sent: bytes) -> bytes:
    """What comes back of a connection's only bytes; the last request must be one that ends the connection."""
    with connected(running) as connection:
        connection.sendall(sent)
        return received(connection)


def statuses(data: bytes) -> list[int]:
    """The statuses of the replies in it."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]
