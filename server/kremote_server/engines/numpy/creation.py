"""Tensors made from nothing or in the likeness of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.ranges import range_dtype, range_length
from kremote_proto.specs import spec_of

from .operands import (
    as_dtype,
    as_indices,
    check_elements,
    dense,
    is_given,
    is_sparse,
    lengths,
    made_of,
    numpy_dtype,
)


def constant(value: Any, dtype: str, shape: Any, name: str | None) -> Any:
    """A tensor of a dtype, arranged in a shape."""
    array = made_of(value, dtype)
    if shape is None:
        return array
    return np.full(lengths(shape), array.reshape(())[()]) if array.size == 1 else array.reshape(lengths(shape))


def arange(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    """The numbers from a start to before a stop."""
    if stop is None:
        start, stop = 0, np.maximum(dense(start), 0) if is_given(start) else max(start, 0)
    bounds = [dense(bound) if is_given(bound) else bound for bound in (start, stop, step)]
    met = range_dtype(*(spec_of(bound) if isinstance(bound, np.ndarray) else bound for bound in bounds))
    assert met is not None
    first, last, each = (np.asarray(bound, numpy_dtype(met)).item() for bound in bounds)
    count = range_length(first, last, each, met)
    check_elements((count,))
    numbers = (first + each * np.arange(count)).astype(numpy_dtype(met))
    return numbers if dtype == "int32" else as_dtype(numbers, dtype)


def one_hot(indices: Any, num_classes: Any) -> Any:
    """A one at each index's place."""
    places, given = as_indices(indices), dense(num_classes)
    if given.ndim or given.dtype.kind not in "iu":
        raise InvalidType(f"expected num_classes to be an integer; got {given.dtype.name}{list(given.shape)}")
    if (length := int(given)) < 0:
        raise InvalidValue(f"expected num_classes of 0 or more; got {length}")
    check_elements((*places.shape, length))
    return (places[..., None] == np.arange(length)).astype("float32")


def zeros_like(x: Any, dtype: str | None, name: str | None) -> Any:
    """Zeros in the shape of a tensor."""
    x = dense(x)
    wanted = numpy_dtype(dtype) if dtype else x.dtype
    return np.full(x.shape, b"", object) if wanted.kind == "O" else np.zeros(x.shape, wanted)


def ones_like(x: Any, dtype: str | None, name: str | None) -> Any:
    """Ones in the shape of a tensor."""
    x = dense(x)
    return np.ones(x.shape, numpy_dtype(dtype) if dtype else x.dtype)


def identity(x: Any, name: str | None) -> Any:
    """The same value."""
    return x if is_sparse(x) else dense(x)


def cast(x: Any, dtype: str) -> Any:
    """The elements as another dtype."""
    if is_sparse(x):
        return type(x)(x.indices, as_dtype(x.values, dtype), x.shape)
    return as_dtype(x, dtype)


def to_dense(tensor: Any) -> Any:
    """The dense form; entries with the same index add up."""
    return tensor.to_dense() if is_sparse(tensor) else dense(tensor)
