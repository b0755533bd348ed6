"""Seeds that compiled functions draw: counted in a variable, so that every call of a function draws others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from ..seeds import SeedCounter


class VariableCounter(SeedCounter):
    """A stream of seeds that is counted where it is drawn: at once, or whenever a compiled function runs."""

    def next(self) -> Any:
        """The next seed, as the pair that TensorFlow's stateless ops take."""
        if not (tf.executing_eagerly() or tf.inside_function()):
            return tf.constant([self.stream, 0], tf.int64)  # a scratch graph, which is asked for shapes alone
        with tf.device("CPU:0"):  # where those ops read it
            if isinstance(self._drawn, int):
                with tf.init_scope():
                    self._drawn = tf.Variable(self._drawn, dtype=tf.int64, trainable=False)
            return tf.stack([tf.constant(self.stream, tf.int64), self._drawn.assign_add(1)])

    def count_from(self, drawn: int) -> None:
        if isinstance(self._drawn, int):
            self._drawn = drawn
        else:
            self._drawn.assign(drawn)

    @property
    def variable(self) -> Any:
        """What counts, None where nothing was drawn yet."""
        return None if isinstance(self._drawn, int) else self._drawn


class ProgramCounter(SeedCounter):
    """The seeds that a compiled program draws: those of the session from where it begins, counted when it succeeded."""

    def __init__(self, session: VariableCounter) -> None:
        super().__init__(session.stream)
        self._session = session
        self._first: Any = None

    @contextmanager
    def begun(self) -> Iterator[None]:
        """While the program is traced."""
        self._drawn = 0
        yield
        self._first = None

    def next(self) -> Any:
        """The next seed."""
        with tf.device("CPU:0"):
            if self._first is None:
                assert self._session.variable is not None, "a program is interpreted before it is compiled"
                self._first = self._session.variable.read_value()
            self._drawn += 1
            return tf.stack([tf.constant(self.stream, tf.int64), self._first + self._drawn])

    def sequence(self, seed: int) -> SeedCounter:
        return self._session.sequence(seed)

    def assign(self) -> None:
        """Count what was drawn."""
        if self._drawn:
            with tf.device("CPU:0"):
                self._session.variable.assign(self._first + self._drawn, read_value=False)
