"""Functions of each element."""

from __future__ import annotations

from typing import Any

import numpy as np

from .operands import dense, pair


def abs(x: Any) -> Any:
    """Absolute values."""
    return np.abs(dense(x))


def square(x: Any) -> Any:
    """Squares."""
    return np.square(dense(x))


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
    return np.sin(dense(x))


def cos(x: Any) -> Any:
    """Cosines."""
    return np.cos(dense(x))


def sign(x: Any) -> Any:
    """Signs."""
    return np.sign(dense(x))


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
