"""Operands: what an op is given (arrays, variables, numbers, nested lists) as arrays of a common dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kremote_proto.dtypes import FLOATS, dtype_name, wire_dtype
from kremote_proto.errors import InvalidDType, InvalidType, InvalidValue, Unsupported
from kremote_proto.operands import check_listed
from kremote_proto.tensors import Array, SparseArray

from .variable import Variable

#: How many elements a tensor may have whose lengths were not known before.
MOST_ELEMENTS = 1 << 30
#: The kinds of numbers that a dtype's kind holds.
_HELD = {"b": "b", "i": "iu", "u": "iu", "f": "iuf", "V": "iuf", "c": "iufc", "O": "OSU"}


def numpy_dtype(name: str) -> np.dtype[Any]:
    """numpy's form of a dtype; texts are bytes in arrays of objects."""
    if name == "string":
        return np.dtype(object)
    found = wire_dtype(name)
    if name == "bfloat16" and found.kind == "u":
        raise Unsupported(
            "the engine numpy has no bfloat16, since ml_dtypes is not installed where the worker runs",
            hint="pip install ml_dtypes there, or use the engine tensorflow",
        )
    return found.newbyteorder("=")


def is_sparse(x: Any) -> bool:
    """Whether a value is a sparse tensor."""
    return isinstance(x, SparseArray)


def is_given(x: Any) -> bool:
    """Whether a value is a tensor with a dtype of its own, rather than a number or a list."""
    return isinstance(x, np.ndarray | np.generic | Variable | SparseArray)


def dense(x: Any) -> Array:
    """An array; a list of Python floats becomes float32, of integers int32."""
    if is_sparse(x):
        raise InvalidType("expected a dense tensor; got a sparse one", hint="K.to_dense makes it dense")
    if isinstance(x, Variable):
        return x.value
    if is_given(x):
        return np.asarray(x)
    array = np.asarray(x)
    if array.dtype.kind in "SU":
        return texts(x)
    return array.astype({"f": "float32", "i": "int32", "c": "complex128"}.get(array.dtype.kind, array.dtype))


def texts(x: Any) -> Array:
    """Text, or nested lists of it, as bytes in an array of objects."""
    array = np.asarray(x, object)
    encoded = np.empty(array.shape, object)
    for place, item in np.ndenumerate(array):
        encoded[place] = item.encode() if isinstance(item, str) else item
    return encoded


def like(x: Any, dtype: np.dtype[Any]) -> Array:
    """An array of a dtype: numbers and lists take it, a tensor must have it."""
    name = dtype_name(dtype)
    if is_given(x):
        array = dense(x)
        if array.dtype != dtype:
            raise InvalidDType(
                f"expected tensors of one dtype; got {name} and {dtype_name(array.dtype)}",
                hint=f'K.cast(x, "{name}") makes one the other',
            )
        return array
    array = np.asarray(x)
    try:
        if array.size and array.dtype.kind not in _HELD[dtype.kind]:
            raise TypeError
        return texts(x) if dtype.kind == "O" else np.array(x, dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidType(f"expected numbers that {name} holds; got {str(x)[:60]}") from error


def pair(x: Any, y: Any) -> tuple[Array, Array]:
    """Two arrays of one dtype."""
    if is_given(x):
        x = dense(x)
        return x, like(y, x.dtype)
    if is_given(y):
        y = dense(y)
        return like(x, y.dtype), y
    x, y = dense(x), dense(y)
    joined = np.result_type(x, y)
    return x.astype(joined), y.astype(joined)


def as_dtype(x: Any, dtype: str) -> Array:
    """An array cast to a dtype; the numbers of a list are not rounded on the way."""
    array = dense(x) if is_given(x) else np.asarray(x)
    if (array.dtype.kind in "OSU") != (dtype == "string"):
        raise InvalidDType(f"expected a value that can be cast to {dtype}; got {dtype_name(array.dtype)}")
    if dtype == "string":
        return texts(array)
    wanted = numpy_dtype(dtype)
    return (array.real if array.dtype.kind == "c" and wanted.kind != "c" else array).astype(wanted)


def made_of(x: Any, dtype: str) -> Array:
    """An array of a dtype, as `as_dtype`; but numbers and lists must be of the dtype's kind."""
    if not is_given(x) and (array := np.asarray(x)).size:
        check_listed(array.dtype.kind, dtype)
    return as_dtype(x, dtype)


def as_indices(x: Any) -> Array:
    """An array of integers; a list of nothing is one."""
    array = np.zeros(np.shape(x), "int32") if not is_given(x) and np.size(x) == 0 else dense(x)
    if array.dtype.kind not in "iu":
        raise InvalidType(f"expected indices of an integer dtype; got {dtype_name(array.dtype)}")
    return array


def as_floats(x: Any, floatx: str) -> Array:
    """An array whose booleans count as numbers."""
    array = dense(x)
    return array.astype(floatx) if array.dtype == bool else array


def is_float(array: Array) -> bool:
    """Whether an array is of a float dtype, bfloat16 too."""
    return dtype_name(array.dtype) in FLOATS


def lengths(shape: Any) -> tuple[int, ...]:
    """A shape's lengths, whichever of them are tensors; those that only a call says are checked here."""
    if isinstance(shape, tuple | list):
        if any(length is None for length in shape):
            raise InvalidValue(f"expected known lengths; got None in the shape {shape}")
        if not any(is_given(length) for length in shape):
            return tuple(shape)
        found = tuple(int(_integers(length, 0)) for length in shape)
    else:
        found = tuple(int(length) for length in _integers(shape, 1).reshape(-1))
    check_elements(found)
    return found


def _integers(x: Any, most_axes: int) -> Array:
    array = dense(x)
    if array.dtype.kind not in "iu" or array.ndim > most_axes:
        expected = "integers" if most_axes else "each length as an integer"
        raise InvalidType(f"expected {expected}; got {array.dtype.name} of shape {array.shape}")
    return array


def check_elements(shape: Any) -> None:
    """Refuse a result of too many elements, of which only a call says the lengths."""
    if math.prod(shape) > MOST_ELEMENTS:
        raise InvalidValue(f"expected a shape of at most {MOST_ELEMENTS} elements; got {shape}")


def axes(axis: Any) -> Any:
    """An axis, or several, as numpy takes them."""
    return tuple(axis) if isinstance(axis, list | tuple) else axis
