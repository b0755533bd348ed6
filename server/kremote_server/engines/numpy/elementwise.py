"""Functions of each element. Those that take sparse tensors keep them sparse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidType, InvalidValue

from .operands import dense, is_sparse, like, pair


def _each(function: Callable[[Any], Any], x: Any) -> Any:
    """The function of each element, of a sparse tensor of each entry."""
    return type(x)(x.indices, function(x.values), x.shape) if is_sparse(x) else function(dense(x))


def abs(x: Any) -> Any:
    """Absolute values."""
    return _each(np.abs, x)


def square(x: Any) -> Any:
    """Squares."""
    return _each(np.square, x)


def sqrt(x: Any) -> Any:
    """Square roots of what is not negative."""
    x = dense(x)
    return np.sqrt(np.maximum(x, np.zeros((), x.dtype)))


def exp(x: Any) -> Any:
    """Exponentials."""
    return np.exp(dense(x))


def log(x: Any) -> Any:
    """Natural logarithms."""
    return np.log(dense(x))


def sin(x: Any) -> Any:
    """Sines."""
    return _each(np.sin, x)


def cos(x: Any) -> Any:
    """Cosines."""
    return np.cos(dense(x))


def sign(x: Any) -> Any:
    """Signs."""
    return _each(np.sign, x)


def round(x: Any) -> Any:
    """The nearest whole numbers; of two the even one."""
    return np.rint(x) if (x := dense(x)).dtype.kind not in "iu" else x


def pow(x: Any, a: Any) -> Any:
    """Powers."""
    return np.power(*pair(x, a))


def maximum(x: Any, y: Any) -> Any:
    """The larger of two elements."""
    return np.maximum(*pair(x, y))


def minimum(x: Any, y: Any) -> Any:
    """The smaller of two elements."""
    return np.minimum(*pair(x, y))


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Elements between two bounds."""
    x = dense(x)
    if x.dtype.kind in "iu" and (min_value is None or max_value is None):
        raise InvalidType(f"expected two bounds for {x.dtype.name}, which holds no infinity; got None")
    least = like(-np.inf if min_value is None else min_value, x.dtype)
    most = like(np.inf if max_value is None else max_value, x.dtype)
    clipped: Any = np.maximum(np.minimum(x, most), least)
    if clipped.shape != x.shape:
        raise InvalidValue(f"expected bounds that broadcast to {x.shape}; got {least.shape} and {most.shape}")
    return clipped
