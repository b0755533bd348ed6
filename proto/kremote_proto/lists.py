"""Elements of a tensor as nested lists, as JSON carries them: complex as [real, imaginary], "NaN", base64 texts."""

from __future__ import annotations

import base64
import binascii
import math
from itertools import chain
from typing import Any

import numpy as np

from .dtypes import COMPLEXES, FLOATS, bfloat16_bits, wire_dtype
from .errors import MalformedRequest

Array = np.ndarray[Any, Any]

#: What JSON cannot say as a number.
NOT_FINITE = ("NaN", "Infinity", "-Infinity")
#: What a text begins with that stands for bytes.
BASE64 = "base64:"
#: How many empty lists an empty array is nested in; one with more is a single list.
_MOST_EMPTY = 1000


def array_from_lists(data: Any, dtype: str, shape: tuple[int, ...], path: str) -> Array:
    """The array of elements nested as the shape, or in one flat list; `path` is their place, for messages.

    Nothing is quietly changed: text, a fraction, or a number that does not fit is refused.

    >>> array_from_lists([["Infinity", 1]], "float32", (1, 2), "$")
    array([[inf,  1.]], dtype=float32)
    """
    try:
        elements, lengths = _flattened(data)
        _check_lengths(lengths, shape, (2,) if dtype in COMPLEXES else ())
        return _array(elements, dtype).reshape(shape)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise MalformedRequest(f"expected nested lists of {dtype}; {error} at {path}") from error


def array_to_lists(array: Array) -> Any:
    """The nested lists of an array.

    >>> array_to_lists(np.array([1 + 2j, np.nan]))
    [[1.0, 2.0], ['NaN', 0.0]]
    """
    if not array.size and math.prod(array.shape[: array.shape.index(0)]) > _MOST_EMPTY:
        return []  # flat: its shape stands beside it, and says what millions of empty lists would
    if array.dtype == object:
        texts = np.empty(array.size, object)
        texts[:] = [_text(item) for item in array.reshape(-1).tolist()]
        return texts.reshape(array.shape).tolist()
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    if array.dtype.name == "bfloat16":
        array = array.astype("float32")
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    spelled = array.astype(object)
    for name, places in zip(NOT_FINITE, (np.isnan(array), np.isposinf(array), np.isneginf(array)), strict=True):
        spelled[places] = name
    return spelled.tolist()


def bytes_of_text(text: str) -> bytes:
    """The bytes of a string element: UTF-8, or what stands behind `base64:`; raises ValueError."""
    if not text.startswith(BASE64):
        return text.encode()
    try:
        return base64.b64decode(text[len(BASE64) :], validate=True)
    except binascii.Error as error:
        raise ValueError(f"got a text that begins with {BASE64} and is not base64 ({error})") from error


def _text(item: Any) -> str:
    octets = item if isinstance(item, bytes) else str(item).encode()
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = BASE64
    # A text that itself begins so is spelled out too, so that every string comes back as it went.
    return BASE64 + base64.b64encode(octets).decode() if text.startswith(BASE64) else text


def _flattened(data: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The elements in order, and the lengths of the lists they are nested in."""
    level, lengths = [data], []
    while level and isinstance(level[0], list | tuple):
        if len({len(item) if isinstance(item, list | tuple) else None for item in level}) > 1:
            raise ValueError("got lists of different lengths")
        lengths.append(len(level[0]))
        level = list(chain.from_iterable(level))
    return level, tuple(lengths)


def _check_lengths(got: tuple[int, ...], shape: tuple[int, ...], parts: tuple[int, ...]) -> None:
    nested = (*shape, *parts)
    # What is in an empty list has no lengths of its own: shape (2, 0, 3) is [[], []].
    nested = nested[: nested.index(0) + 1] if 0 in nested else nested
    count = math.prod(shape)
    if got not in (nested, (count, *parts) if count else (0,)):
        raise ValueError(f"got lists of lengths {got} for the shape {shape}")


def _array(elements: list[Any], dtype: str) -> Array:
    found = set(map(type, elements))
    if dtype == "string":
        texts = np.empty(len(elements), object)
        texts[:] = [item if isinstance(item, bytes) else bytes_of_text(_checked_text(item)) for item in elements]
        return texts
    if dtype in FLOATS or dtype in COMPLEXES:
        return _floats(elements, dtype, found)
    accepted = bool if dtype == "bool" else int
    if found - {accepted}:
        raise TypeError(f"got {_names(found - {accepted})}")
    if accepted is int and elements:
        bounds = np.iinfo(dtype)
        outside = next((n for n in (min(elements), max(elements)) if not bounds.min <= n <= bounds.max), None)
        if outside is not None:
            raise ValueError(f"got {str(outside)[:40]}, which {dtype} does not hold")
    return np.array(elements, dtype)


def _floats(elements: list[Any], dtype: str, found: set[type]) -> Array:
    if found - {int, float, str}:
        raise TypeError(f"got {_names(found - {int, float, str})}")
    if str in found:
        wrong = next((item for item in elements if isinstance(item, str) and item not in NOT_FINITE), None)
        if wrong is not None:
            raise ValueError(f"got text {wrong[:40]!r}, which is none of {', '.join(NOT_FINITE)}")
    doubles = np.array([float(item) for item in elements], "float64")
    if dtype in COMPLEXES:
        doubles = doubles.view("complex128")
    with np.errstate(over="raise"):
        if dtype != "bfloat16":
            return doubles.astype(dtype)
        bits = bfloat16_bits(doubles.astype("float32"))
    # As wire bytes come: a real bfloat16 where ml_dtypes is installed.
    known = wire_dtype("bfloat16")
    return bits.view(known) if known != bits.dtype else (bits.astype("<u4") << 16).view("<f4")


def _checked_text(item: Any) -> str:
    if not isinstance(item, str):
        raise TypeError(f"got {type(item).__name__} in a string tensor")
    return item


def _names(found: set[type]) -> str:
    return ", ".join(sorted(one.__name__ for one in found))
