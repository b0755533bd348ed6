"""Bytes over a TCP connection on loopback, from memory into memory that is there already: the limit for bulk."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Callable, Mapping

from .loopback import connected
from .system import System, Work


def receive(connection: socket.socket, memory: memoryview) -> None:
    """Fill memory from a connection; ConnectionError where it ends before."""
    position = 0
    while position < len(memory):
        received = connection.recv_into(memory[position:])
        if not received:
            raise ConnectionError("the other side is gone")
        position += received


def serve(connection: socket.socket) -> None:
    """Do what 9 bytes ask: `u` or `d` and a length, little-endian: receive so many bytes and answer 1, or send them."""
    memory = memoryview(bytearray())
    header = memoryview(bytearray(9))
    while True:
        try:
            receive(connection, header)
        except ConnectionError:
            return
        length = int.from_bytes(header[1:], "little")
        if len(memory) != length:
            memory = memoryview(bytearray(length))
        if header[0] == ord("u"):
            receive(connection, memory)
            connection.sendall(b"k")
        else:
            connection.sendall(memory)


class RawTCP(System):
    """One connection to a process."""

    def __init__(self) -> None:
        self._connection, accepted = connected()
        self._process = multiprocessing.get_context("fork").Process(target=self._child, args=(accepted,), daemon=True)
        self._process.start()
        accepted.close()

    def _child(self, accepted: socket.socket) -> None:
        self._connection.close()
        serve(accepted)

    def works(self) -> Mapping[str, Callable[..., Work]]:
        return {"upload": self._upload, "download": self._download}

    def _upload(self, megabytes: int) -> Work:
        content, answer = bytes(megabytes << 20), memoryview(bytearray(1))

        def once() -> None:
            self._connection.sendall(b"u" + len(content).to_bytes(8, "little"))
            self._connection.sendall(content)
            receive(self._connection, answer)

        return Work(once)

    def _download(self, megabytes: int) -> Work:
        memory = memoryview(bytearray(megabytes << 20))

        def once() -> None:
            self._connection.sendall(b"d" + len(memory).to_bytes(8, "little"))
            receive(self._connection, memory)

        return Work(once)

    def close(self) -> None:
        self._connection.close()
        self._process.join(5)


def start() -> System:
    """The system."""
    return RawTCP()
