"""A client that does a bit of everything, and keeps beside it what the server must have."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

import kremote

#: Of so many variables and arrays one is given up before another is made.
_MOST = 8


class MixedWork:
    """One client's work in a session of its own; every method is one thing that a person does.

    Numbers are whole and small, so that each sum is exact: an update that is lost or made twice shows.
    """

    def __init__(self, session: kremote.Session, seed: int) -> None:
        self.session = session
        self.K = session.K
        #: What was acknowledged: an update that changed something.
        self.updates = 0
        self.checks = 0
        self._random = random.Random(seed)
        self._variables: list[tuple[Any, Any]] = []
        self._arrays: list[tuple[Any, Any]] = []
        self._named = 0
        self._count = 0
        self._counter = self.K.variable(0.0, name="counter")
        x = self.K.placeholder(shape=(None,))
        total = self.K.sum(x)
        self._step = self.K.function([x], [self._counter, total], updates=[self.K.update_add(self._counter, total)])
        self._deeds: list[Callable[[], None]] = [
            self.step, self.step, self.add, self.add, self.add_many, self.make, self.upload, self.draw, self.set,
            self.give_up, self.fail, self.check_some,
        ]  # fmt: skip

    def do_something(self) -> None:
        """One thing."""
        self._random.choice(self._deeds)()

    def step(self) -> None:
        """Call a function that updates the counter, and compare what it gives."""
        values = np.ones(self._random.choice([1, 7, 50_000]), "float32")
        before, total = self._step([values])
        _same(before, np.float32(self._count), "the counter before a step")
        _same(total, np.float32(values.size), "the sum of a step")
        self._count = (self._count + values.size) % (1 << 23)
        self.updates += 1
        if self._count + 100_000 > 1 << 23:  # beyond which float32 has no odd numbers
            self.K.set_value(self._counter, 0.0)
            self._count = 0

    def add(self) -> None:
        """Add to a variable."""
        if self._variables:
            place = self._random.randrange(len(self._variables))
            variable, value = self._variables[place]
            self.K.update_add(variable, np.ones_like(value))
            self._variables[place] = variable, value + 1
            self.updates += 1

    def add_many(self) -> None:
        """Add to all variables several times, in programs that run in the background."""
        for _ in range(5):
            for place, (variable, value) in enumerate(self._variables):
                self.K.update_add(variable, np.ones_like(value))
                self._variables[place] = variable, value + 1
                self.updates += 1

    def make(self) -> None:
        """Make a variable; one has to go where there are many."""
        self._variables = self._variables[-_MOST + 1 :]
        value = np.full(self._random.choice([(), (3,), (2, 2)]), self._random.randrange(100), "float32")
        self._variables.append((self.K.variable(value), value))
        self.updates += 1

    def upload(self) -> None:
        """Put a large array there."""
        self._arrays = self._arrays[-_MOST + 1 :]
        array = np.random.default_rng(self._random.randrange(1 << 30)).normal(size=(300, 1000)).astype("float32")
        self._arrays.append((self.K.constant(array), array))
        self.updates += 1

    def draw(self) -> None:
        """Draw random numbers, and remember which they were."""
        self._arrays = self._arrays[-_MOST + 1 :]
        drawn = self.K.random_normal((5,))
        self._arrays.append((drawn, self.K.get_value(drawn)))
        self.updates += 1

    def set(self) -> None:
        """Set a variable."""
        if self._variables:
            variable, value = self._variables[-1]
            self.K.set_value(variable, value * 0)
            self._variables[-1] = variable, value * 0
            self.updates += 1

    def give_up(self) -> None:
        """Forget a value."""
        if self._arrays:
            del self._arrays[self._random.randrange(len(self._arrays))]

    def fail(self) -> None:
        """Ask for what cannot be."""
        try:
            self.K.eval(self.K.gather(self.K.constant([1.0, 2.0]), self.K.constant([7], dtype="int32")))
        except (ValueError, IndexError):
            return
        raise AssertionError("expected an error of an index that is none")

    def check_some(self) -> None:
        """Compare one value of each kind."""
        for kind in (self._variables, self._arrays):
            if kind:
                handle, value = self._random.choice(kind)
                _same(self.K.get_value(handle), value, "a value in between")
        self.checks += 1

    def check_all(self) -> None:
        """Compare everything."""
        for handle, value in (*self._variables, *self._arrays):
            _same(self.K.get_value(handle), value, "a value in the end")
        _same(self.K.get_value(self._counter), np.float32(self._count), "the counter in the end")
        listed = self.session.variables()
        _same(self.K.get_value(listed["counter"]), np.float32(self._count), "the counter by its name")
        self.checks += 1


def _same(found: Any, expected: Any, what: str) -> None:
    if not np.array_equal(found, expected):
        raise AssertionError(f"expected {np.asarray(expected)} as {what}; got {np.asarray(found)}")
