"""torch RPC: tensors of another process by remote references."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.distributed import rpc

from . import network
from .system import System, Work

WORKER = "worker"


def add(x: Any, y: Any) -> Any:
    """The sum of two values of this process, by their references."""
    return x.local_value() + y.local_value()


def kept(x: Any) -> Any:
    """A tensor that came, as it is."""
    return x


def first(x: Any) -> Any:
    """The first element of a tensor."""
    return x[:1]


def serve() -> None:
    """Be the other process, until the first ends the group."""
    rpc.init_rpc(WORKER, rank=1, world_size=2)
    rpc.shutdown()


class Torch(System):
    """One worker."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        self._worker = multiprocessing.get_context("spawn").Process(target=serve, daemon=True)
        self._worker.start()
        rpc.init_rpc("client", rank=0, world_size=2)
        self._a = rpc.remote(WORKER, kept, args=(torch.from_numpy(network.small()),))

    def works(self) -> Mapping[str, Callable[..., Work]]:
        return {"op": self._op, "chain": self._chain, "upload": self._upload, "download": self._download}

    def _op(self) -> Work:
        return Work(lambda: rpc.rpc_sync(WORKER, add, args=(self._a, self._a)))

    def _chain(self, length: int) -> Work:
        def once() -> None:
            x = self._a
            for _ in range(length):
                x = rpc.remote(WORKER, add, args=(x, self._a))
            x.to_here()

        return Work(once)

    def _upload(self, megabytes: int) -> Work:
        tensor = torch.from_numpy(network.large(megabytes))
        return Work(lambda: rpc.rpc_sync(WORKER, first, args=(tensor,)))

    def _download(self, megabytes: int) -> Work:
        made = rpc.remote(WORKER, torch.rand, args=((megabytes << 18,),))
        return Work(made.to_here)

    def close(self) -> None:
        rpc.shutdown(graceful=False)  # a graceful one waits for a worker that may be gone
        self._worker.join(5)


def start() -> System:
    """The system."""
    return Torch()
