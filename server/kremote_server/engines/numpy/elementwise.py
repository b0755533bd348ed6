"""Functions of each element."""

from __future__ import annotations

from typing import Any

import numpy as np

from .operands import dense


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
