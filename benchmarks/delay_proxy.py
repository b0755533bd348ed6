"""A TCP proxy that delays: what arrives goes on so many seconds later, each way, at whatever rate it came.

python -m benchmarks.delay_proxy HOST PORT SECONDS: prints its port, and ends when stdin does.
"""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
import time

from .system_process import ROOT

_PIECE = 1 << 18
#: Pieces under way in one direction, so that memory is bounded.
_PIECES = 1024


def _receive(source: socket.socket, under_way: queue.Queue[tuple[float, bytes]], delay: float) -> None:
    piece = b"..."
    while piece:
        try:
            piece = source.recv(_PIECE)
        except OSError:
            piece = b""
        under_way.put((time.perf_counter() + delay, piece))


def _pass_on(target: socket.socket, under_way: queue.Queue[tuple[float, bytes]]) -> None:
    while True:
        due, piece = under_way.get()
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            if not piece:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(piece)
        except OSError:
            return


def _join(client: socket.socket, server: socket.socket, delay: float) -> None:
    for source, target in ((client, server), (server, client)):
        target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        under_way: queue.Queue[tuple[float, bytes]] = queue.Queue(_PIECES)
        threading.Thread(target=_receive, args=(source, under_way, delay), daemon=True).start()
        threading.Thread(target=_pass_on, args=(target, under_way), daemon=True).start()


def serve(host: str, port: int, delay: float) -> None:
    """Accept connections, each to one of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            client, _ = listening.accept()
            _join(client, socket.create_connection((host, port)), delay)


class DelayProxy:
    """A proxy in a process of its own, to a port of loopback."""

    def __init__(self, port: int, delay: float) -> None:
        command = [sys.executable, "-m", __name__, "127.0.0.1", str(port), str(delay)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def close(self) -> None:
        """End it, and every connection."""
        self._process.kill()
        self._process.communicate()


def round_trip(delay: float, repetitions: int = 20) -> float:
    """Seconds of a byte's way there and back through a proxy of this delay, on this machine: the median."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = DelayProxy(listening.getsockname()[1], delay)
        try:
            with socket.create_connection(("127.0.0.1", proxy.port)) as near, listening.accept()[0] as far:
                return sorted(_there_and_back(near, far) for _ in range(repetitions))[repetitions // 2]
        finally:
            proxy.close()


def _there_and_back(near: socket.socket, far: socket.socket) -> float:
    began = time.perf_counter()
    near.sendall(b".")
    far.sendall(far.recv(1))
    near.recv(1)
    return time.perf_counter() - began


if __name__ == "__main__":
    threading.Thread(target=serve, args=(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])), daemon=True).start()
    sys.stdin.read()
