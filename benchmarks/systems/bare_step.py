"""The training step of TensorFlow in another process, over a bare socket: what crossing to a process costs at least.

No HTTP, no sessions, no encoding: the batch is sent from its own memory, received into aligned memory that is there
already, and lent to TensorFlow; the loss comes back as four bytes.
"""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kremote_server.aligned_memory import aligned_bytes

from . import network
from .loopback import connected
from .raw_tcp import receive
from .system import System, Work


def serve(connection: socket.socket) -> None:
    """Receive a batch, train, answer the loss, until the other side is gone."""
    import tensorflow as tf

    from .tensorflow_works import training_step

    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    train = training_step()
    given = [aligned_bytes(array.nbytes).view(array.dtype).reshape(array.shape) for array in network.batch()]
    memories = [array.data.cast("B") for array in given]
    connection.sendall(b"k")
    while True:
        try:
            for memory in memories:
                receive(connection, memory)
        except ConnectionError:
            return
        tensors: list[Any] = [tf.experimental.dlpack.from_dlpack(array.__dlpack__()) for array in given]
        connection.sendall(train(*tensors).numpy().tobytes())


class BareStep(System):
    """One connection to a process."""

    def __init__(self) -> None:
        self._connection, accepted = connected()
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # TensorFlow's threads do not survive a fork: the process is a new one.
        self._process = multiprocessing.get_context("spawn").Process(target=serve, args=(accepted,), daemon=True)
        self._process.start()
        accepted.close()
        receive(self._connection, memoryview(bytearray(1)))

    def works(self) -> Mapping[str, Callable[..., Work]]:
        return {"step": self._step}

    def _step(self) -> Work:
        arrays, loss = network.batch(), np.empty(1, "float32")
        memory = loss.data.cast("B")

        def once() -> float:
            for array in arrays:
                self._connection.sendall(array.data)
            receive(self._connection, memory)
            return float(loss[0])

        return Work(once)

    def close(self) -> None:
        self._connection.close()
        self._process.join(5)


def start() -> System:
    """The system."""
    return BareStep()
