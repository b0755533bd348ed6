"""Programs that no server has seen before: dependent additions and subtractions in an order drawn anew each time."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Pattern:
    """For each of so many ops, whether it adds."""

    def __init__(self, length: int) -> None:
        self._length = length
        self.adds: list[bool] = []

    def draw(self) -> None:
        """Another order; no seed, so that it is another one in each run too."""
        self.adds = [bit == "1" for bit in f"{random.getrandbits(self._length):0{self._length}b}"]

    def chain(self, start: T, add: Callable[[T], T], subtract: Callable[[T], T]) -> T:
        """The result of the ops, each on the one before."""
        value = start
        for adds in self.adds:
            value = add(value) if adds else subtract(value)
        return value
