"""The element types of tensors: their names on the wire and their numpy forms."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .errors import InvalidType, shown

try:  # ml_dtypes gives numpy a real bfloat16; TensorFlow brings it, a thin client need not have it
    from ml_dtypes import bfloat16 as _bfloat16
except ImportError:
    _bfloat16 = None

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
COMPLEXES = ("complex64", "complex128")
#: Every dtype of the wire.
DTYPES = (*FLOATS, *INTEGERS, "bool", *COMPLEXES, "string")

_ITEM_BYTES = {name: np.dtype(name).itemsize for name in DTYPES if name not in ("bfloat16", "string")}
_ITEM_BYTES["bfloat16"] = 2
_ITEM_BYTES["string"] = 16  # an estimate for limits: the size of a TensorFlow string's own record


def item_bytes(dtype: str) -> int:
    """Bytes of one element (an estimate for `string`)."""
    return _ITEM_BYTES[dtype]


@functools.lru_cache(64)
def wire_dtype(dtype: str) -> np.dtype[Any]:
    """The little-endian numpy dtype whose bytes are on the wire (`uint16` for a bfloat16 numpy does not know).

    >>> wire_dtype("float32").str
    '<f4'
    """
    if dtype == "bfloat16":
        return np.dtype(_bfloat16) if _bfloat16 is not None else np.dtype("<u2")
    return np.dtype(dtype).newbyteorder("<")


def dtype_name(dtype: Any) -> str:
    """The wire's name of anything that names an element type; raises `InvalidType` for one the wire does not have.

    Python's `int` names none, for TensorFlow's integers are int32 and numpy's int64.

    >>> dtype_name(np.float32), dtype_name("int8"), dtype_name(np.array(["a"]).dtype), dtype_name(float)
    ('float32', 'int8', 'string', 'float32')
    """
    if isinstance(dtype, str) and dtype in _ITEM_BYTES:
        return dtype
    return _name_of_numpy(dtype) if isinstance(dtype, np.dtype) else _name(dtype)


def _name(dtype: Any) -> str:
    named = dtype if isinstance(dtype, str | type) else None  # numpy's float64 is equal to "float"
    if named in (float, "float"):
        return "float32"  # K's and TensorFlow's float, where numpy's is float64
    name = getattr(dtype, "name", None)  # numpy's and TensorFlow's dtype objects
    if isinstance(name, str) and name in _ITEM_BYTES:
        return name
    try:
        # Of text that is no dtype numpy makes several kinds of error, and of lists, maps and null it makes dtypes.
        found = np.dtype(dtype) if isinstance(dtype, str | type | np.dtype) else None
    except (TypeError, ValueError, LookupError, SyntaxError):
        found = None
    if found is not None and named not in (int, "int"):
        if found.kind in "OSU":
            return "string"
        if found.name in _ITEM_BYTES:
            return str(found.name)
    raise InvalidType(f"expected a dtype, one of {', '.join(DTYPES)}; got {shown(dtype)}")


#: numpy makes the name of a dtype anew each time it is asked.
_name_of_numpy = functools.lru_cache(256)(_name)


def bfloat16_bits(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The bfloat16 nearest to each element (ties to even) as its 16 bits; NaN stays NaN."""
    bits = np.ascontiguousarray(array, "<f4").view("<u4")
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(array), 0x7FC0, rounded).astype("<u2")


def from_bfloat16_bits(bits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The float32 values of bfloat16 bits; exact."""
    return (bits.astype("<u4") << 16).view("<f4")
