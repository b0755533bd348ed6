"""Ray: an actor in a process of its own that keeps numpy arrays by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ray

from . import network
from .network import Array
from .system import System, Work


class Store:
    """Values by name, and what is done with them."""

    def __init__(self) -> None:
        self._values: dict[str, Array] = {}

    def put(self, name: str, value: Array) -> None:
        """Keep a value."""
        self._values[name] = value

    def make(self, name: str, megabytes: int) -> None:
        """Keep a large value of one's own."""
        self._values[name] = network.large(megabytes)

    def add(self, name: str, x: str, y: str) -> None:
        """Keep a sum."""
        self._values[name] = self._values[x] + self._values[y]

    def added(self, x: str, y: str) -> Array:
        """Give a sum."""
        return self._values[x] + self._values[y]

    def get(self, name: str) -> Array:
        """Give a value."""
        return self._values[name]


class Ray(System):
    """One actor."""

    def __init__(self) -> None:
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        self._store = ray.remote(Store).remote()
        ray.get(self._store.put.remote("a", network.small()))

    def works(self) -> Mapping[str, Callable[..., Work]]:
        return {"op": self._op, "chain": self._chain, "upload": self._upload, "download": self._download}

    def _op(self) -> Work:
        return Work(lambda: ray.get(self._store.added.remote("a", "a")))

    def _chain(self, length: int) -> Work:
        def once() -> None:
            self._store.add.remote("x", "a", "a")
            for _ in range(length - 1):
                self._store.add.remote("x", "x", "a")
            ray.get(self._store.get.remote("x"))

        return Work(once)

    def _upload(self, megabytes: int) -> Work:
        array = network.large(megabytes)
        return Work(lambda: ray.get(self._store.put.remote("large", array)))

    def _download(self, megabytes: int) -> Work:
        ray.get(self._store.make.remote("made", megabytes))
        return Work(lambda: ray.get(self._store.get.remote("made")))

    def close(self) -> None:
        ray.shutdown()


def start() -> System:
    """The system."""
    return Ray()
