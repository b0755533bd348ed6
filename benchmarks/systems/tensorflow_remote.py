"""TensorFlow's own remote eager mode: a `tf.distribute.Server` in another process, over gRPC."""

from __future__ import annotations

import socket
import subprocess
import sys

import tensorflow as tf

from .system import System
from .tensorflow_works import TensorFlowWorks


def serve(port: int) -> None:
    """Be the server, until stdin ends."""
    server = tf.distribute.Server({"worker": [f"127.0.0.1:{port}"]}, job_name="worker", task_index=0, protocol="grpc")
    print(server.target, flush=True)
    sys.stdin.read()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class TensorFlowRemote(TensorFlowWorks):
    """The server's first device."""

    def __init__(self) -> None:
        port = _free_port()
        command = [sys.executable, "-m", __name__, str(port)]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._server.stdout is not None
        assert self._server.stdout.readline(), "TensorFlow's server did not start"
        tf.config.experimental_connect_to_host(f"127.0.0.1:{port}")
        super().__init__("/job:worker/replica:0/task:0/device:CPU:0")

    def close(self) -> None:
        self._server.kill()  # it has no way to be stopped
        self._server.wait()


def start() -> System:
    """The system."""
    return TensorFlowRemote()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
