"""Another user of the same server, who asks much of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from kremote import backend as K
from kremote import current

from . import network
from .system import System

#: What the handles' loop fetches now and then, as a person would.
_EVERY = 1000


class Neighbour(System):
    """Tasks that go on for some seconds, each saying how long its longest turn was: the longest wait for one result."""

    def __init__(self) -> None:
        self._session = current.connect()
        self._a = K.constant(network.small())

    def tasks(self) -> Mapping[str, Callable[..., dict[str, Any]]]:
        return {
            "upload": lambda seconds, megabytes: _longest(_uploads(megabytes), seconds),
            "trace": lambda seconds, ops: _longest(lambda: _trace(ops), seconds),
            "multiply": lambda seconds, turn: _longest(_multiply(turn), seconds),
            "pass": _pass,
            "handles": self._handles,
        }

    def _handles(self, number: int) -> dict[str, Any]:
        """Make and drop so many handles."""
        for count in range(number):
            x = self._a + self._a
            if count % _EVERY == 0:
                K.eval(x)
        self._session.flush()
        return {}

    def close(self) -> None:
        self._session.close()


def _longest(turn: Callable[[], Any], seconds: float) -> dict[str, Any]:
    end, longest = time.perf_counter() + seconds, 0.0
    while (began := time.perf_counter()) < end:
        turn()
        longest = max(longest, time.perf_counter() - began)
    return {"turn": longest}


def _uploads(megabytes: int) -> Callable[[], Any]:
    array = network.large(megabytes)

    def upload() -> None:
        array[0] += 1
        K.eval(K.constant(array)[:1])

    return upload


def _trace(ops: int) -> None:
    """A function of so many ops that no server has seen, and its first call."""
    x = y = K.placeholder((8, 8))
    for count in range(ops):
        y = y + x if hash((time.perf_counter(), count)) % 2 else y - x
    K.function([x], [y])([network.small()])


def _multiply(seconds: float) -> Callable[[], Any]:
    """Multiplications in one go that take about so long, by this machine's speed."""
    x = K.random_uniform((1024, 1024)) / 1024

    def loop(times: int) -> float:
        began, y = time.perf_counter(), x
        for _ in range(times):
            y = K.dot(y, x)
        K.eval(y[:1, :1])
        return time.perf_counter() - began

    loop(2)
    times = max(2, int(seconds * 8 / loop(8)))
    return lambda: loop(times)


def _pass(megabytes: int) -> dict[str, Any]:
    """A large array to the server and back."""
    K.eval(K.constant(network.large(megabytes)))
    return {}


def start() -> System:
    """The system."""
    return Neighbour()
