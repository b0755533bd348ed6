"""Variables: values that are kept until they are changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidValue

from . import random
from .operands import as_dtype, dense, is_sparse, lengths, made_of, numpy_dtype
from .variable import Variable


def variable(value: Any, dtype: str, name: str | None) -> Any:
    """A variable, or a sparse tensor for a sparse value."""
    if is_sparse(value):
        return type(value)(value.indices, as_dtype(value.values, dtype), value.shape)
    return Variable(made_of(value, dtype))


def zeros(shape: Any, dtype: str, name: str | None) -> Any:
    """A variable of zeros."""
    return Variable(np.full(lengths(shape), b"", object) if dtype == "string" else _filled(np.zeros, shape, dtype))


def ones(shape: Any, dtype: str, name: str | None) -> Any:
    """A variable of ones."""
    return Variable(_filled(np.ones, shape, dtype))


def eye(size: Any, dtype: str, name: str | None) -> Any:
    """A variable holding an identity matrix."""
    sides = lengths(size)
    if len(sides) not in (1, 2):
        raise InvalidValue(f"expected the number of rows and columns, or (rows, columns); got {sides}")
    return Variable(np.eye(sides[0], sides[-1], dtype=numpy_dtype(dtype)))


def random_uniform_variable(shape: Any, low: float, high: float, dtype: str, name: str | None, seed: int | None) -> Any:
    """A variable of uniform samples."""
    return Variable(random.random_uniform(shape, low, high, dtype, seed))


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: str, name: str | None, seed: int | None
) -> Any:
    """A variable of normal samples."""
    return Variable(random.random_normal(shape, mean, scale, dtype, seed))


def _filled(fill: Any, shape: Any, dtype: str) -> Any:
    return fill(lengths(shape), numpy_dtype(dtype))


def get_value(x: Any) -> Any:
    """The value now."""
    return x if is_sparse(x) else dense(x)


def batch_get_value(tensors: Sequence[Any]) -> list[Any]:
    """The values now."""
    return [get_value(tensor) for tensor in tensors]
