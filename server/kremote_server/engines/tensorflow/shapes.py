"""Shapes: asking for them, changing them, joining tensors."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue

from .creation import to_dense
from .graph import direct
from .operands import arranged, dense, is_sparse, lengths, like
from .symbols import Symbol, graph_mode, record


@direct
def shape(x: Any) -> Any:
    """The lengths of the axes."""
    return _asked(tf.shape, x, list)


@direct
def size(x: Any, name: str | None) -> Any:
    """The number of elements."""
    return _asked(tf.size, x, math.prod)


def _asked(ask: Callable[[Any], Any], x: Any, of_static: Callable[[Any], Any]) -> Any:
    """What is asked of a shape. Where it is static the answer is, too: a placeholder behind `x` need not be fed."""
    static = x.spec.shape if isinstance(x, Symbol) else None
    if static is not None and None not in static:
        return record(None, functools.partial(tf.constant, dtype=tf.int32), {"value": of_static(static)})
    if isinstance(x, Symbol) or graph_mode.get():
        return record(None, ask, {"input": x})
    return ask(x)


def reshape(x: Any, shape: Any) -> Any:
    """The same elements in another shape."""
    return tf.reshape(dense(x), lengths(shape))


def concatenate(tensors: Sequence[Any], axis: int) -> Any:
    """The tensors joined; sparse when all are."""
    if not tensors:
        raise InvalidValue("expected at least one tensor; got an empty list")
    if all(is_sparse(tensor) for tensor in tensors):
        return tf.sparse.concat(axis, tensors)
    parts = [to_dense(tensor) if is_sparse(tensor) else tensor for tensor in tensors]
    dtypes = [part.dtype for part in parts if tf.is_tensor(part)] or [tf.convert_to_tensor(parts[0]).dtype]
    return arranged(lambda *parts: tf.concat(parts, axis), *(like(part, dtypes[0]) for part in parts))
