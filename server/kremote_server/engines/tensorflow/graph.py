"""Ops of symbols that compute something: where gradients stop, what is printed, the value of a tensor."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .. import printing


def stop_gradient(variables: Any) -> Any:
    """The same value, taken as constant by gradients."""
    return tf.stop_gradient(variables)


def print_tensor(x: Any, message: str = "", summarize: int | None = 3) -> Any:
    """Print when run, eagerly or inside a function, and hand the tensor on."""
    lines = printing.sink.get(printing.Lines())

    def show(value: Any) -> None:
        lines.add(printing.line_of(value, message, summarize))

    tensor = tf.convert_to_tensor(x)
    tf.numpy_function(show, [tensor], [])
    return tf.identity(tensor)


def eval(x: Any) -> Any:
    """The value of a tensor."""
    return tf.sparse.to_dense(tf.sparse.reorder(x)) if isinstance(x, tf.SparseTensor) else tf.convert_to_tensor(x)
