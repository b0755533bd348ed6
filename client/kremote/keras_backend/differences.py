"""What Keras 2.3.1 computes otherwise than `kremote.backend`, which follows its successors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from kremote_proto.handles import Tensor, TensorLike

from .. import backend as K
from ..configuration import floatx
from ..introspection import int_shape
from ..tensor import Tensor as ClientTensor
from .variables import drawn_seed


def zeros_like(x: TensorLike, dtype: Any = None, name: str | None = None) -> Tensor:
    """Zeros in the shape of a tensor, of `K.floatx()` where no dtype is given."""
    return K.zeros_like(x, dtype or floatx(), name)


def ones_like(x: TensorLike, dtype: Any = None, name: str | None = None) -> Tensor:
    """Ones in the shape of a tensor, of `K.floatx()` where no dtype is given."""
    return K.ones_like(x, dtype or floatx(), name)


def eye(size: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """An identity matrix as a tensor, no variable; `size` is a length, or (rows, columns)."""
    rows, columns = size if isinstance(size, list | tuple) else (size, size)
    return K.constant(np.eye(rows, columns), dtype=dtype)


def tile(x: TensorLike, n: Any) -> Tensor:
    """A tensor repeated `n` times along its last axes."""
    shape = int_shape(x)
    if isinstance(n, ClientTensor) or shape is None:
        return K.tile(x, n)
    times, rank = [n] if isinstance(n, int) else list(n), len(shape)
    if len(times) > rank:
        raise NotImplementedError(f"tile: expected at most {rank} numbers for x of rank {rank}; got {n}")
    return K.tile(x, [1] * (rank - len(times)) + times)


def repeat_elements(x: TensorLike, rep: int, axis: int) -> Tensor:
    """A tensor with each element repeated along an axis; `_keras_shape` says the lengths of an unknown one."""
    result = K.repeat_elements(x, rep, axis)
    lengths = int_shape(x)
    if lengths is not None and lengths[axis] is None:
        setattr(result, "_keras_shape", lengths)  # noqa: B010
    return result


def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """Exponentials scaled so that their sum along an axis is 1, also of a single axis."""
    if K.ndim(x) != 1:
        return K.softmax(x, axis)
    result = K.softmax(K.expand_dims(x, 0))[0]
    setattr(result, "_keras_logits", x)  # noqa: B010  for a cross entropy to compute from
    return result


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two expressions, by a condition; one of fewer axes than they have chooses along the first."""
    if not K.ndim(condition):
        return K.switch(condition, then_expression, else_expression)
    then, otherwise = (value() if callable(value) else value for value in (then_expression, else_expression))
    for _ in range(K.ndim(condition) or 0, K.ndim(then) or 0):
        condition = K.expand_dims(condition)
    return K.switch(condition, then, otherwise)


def var(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The variance along axes, of integers in their own dtype."""
    x = K.cast(x, floatx()) if K.dtype(x) == "bool" else x
    deviations = x - K.mean(x, axis, keepdims=True)
    return K.mean(K.square(deviations), axis, keepdims)


def std(x: TensorLike, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The standard deviation along axes."""
    return K.sqrt(var(x, axis, keepdims))


def ctc_decode(
    y_pred: TensorLike,
    input_length: TensorLike,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = False,
) -> tuple[list[Tensor], Tensor]:
    """The labels that series most likely give, each path as long as its longest sample; see `K.ctc_decode`."""
    paths, log_probability = K.ctc_decode(y_pred, input_length, greedy, beam_width, top_paths, merge_repeated)
    return [path[:, : _longest(path)] for path in paths], log_probability


def _longest(path: Tensor) -> Tensor:
    """How many labels the longest sample of a path has; -1 stands after them."""
    return K.max(K.sum(K.cast(K.greater_equal(path, 0), "int32"), axis=1))


def seeded(draw: Callable[..., Any]) -> Callable[..., Any]:
    """A random op whose seed numpy draws where none is given."""
    signature = inspect.signature(draw)

    @functools.wraps(draw)
    def drawing(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        return draw(**{**given, "seed": drawn_seed(given.get("seed"))})

    return drawing
