"""Seeds that compiled functions draw: counted in a variable, so that every call of a function draws others."""

from __future__ import annotations

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
