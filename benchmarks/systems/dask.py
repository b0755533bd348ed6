"""Dask: futures of one worker, through its scheduler, each a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from distributed import Client, LocalCluster

from . import network
from .system import System, Work


class Dask(System):
    """One worker with one thread."""

    def __init__(self) -> None:
        self._cluster = LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None)
        self._client = Client(self._cluster)
        self._a = self._client.scatter(network.small())

    def works(self) -> Mapping[str, Callable[..., Work]]:
        return {"op": self._op, "chain": self._chain, "upload": self._upload, "download": self._download}

    def _op(self) -> Work:
        return Work(lambda: self._client.submit(np.add, self._a, self._a, pure=False).result())

    def _chain(self, length: int) -> Work:
        def once() -> None:
            x = self._a
            for _ in range(length):
                x = self._client.submit(np.add, x, self._a, pure=False)
            x.result()

        return Work(once)

    def _upload(self, megabytes: int) -> Work:
        array = network.large(megabytes)
        return Work(lambda: self._client.scatter(array, hash=False))

    def _download(self, megabytes: int) -> Work:
        made = self._client.submit(network.large, megabytes, pure=False)
        made.result()
        return Work(lambda: self._client.gather(made, direct=True))

    def close(self) -> None:
        self._client.close()
        self._cluster.close()


def start() -> System:
    """The system."""
    return Dask()
