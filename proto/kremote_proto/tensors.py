"""Tensors on the wire: `{"dtype", "shape", "data"}`; sparse ones have `"indices", "values"` instead of data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .dtypes import DTYPES, bfloat16_bits, dtype_name, from_bfloat16_bits, item_bytes, wire_dtype
from .errors import MalformedRequest, shown
from .lists import BASE64, array_from_lists, array_to_lists, bytes_of_text

Array = np.ndarray[Any, Any]

#: numpy's own bound on the number of axes, before its version 2.
MOST_AXES = 32


@dataclass(frozen=True, eq=False)
class SparseArray:
    """A sparse tensor on the host: COO `indices` (int64, entries × axes), `values` and the dense `shape`."""

    indices: Array
    values: Array
    shape: tuple[int, ...]

    def to_dense(self) -> Array:
        """The dense array; entries with the same index add up.

        >>> SparseArray(np.array([[0, 1]]), np.array([5.0]), (2, 2)).to_dense()
        array([[0., 5.],
               [0., 0.]])
        """
        dense = np.zeros(self.shape, self.values.dtype)
        np.add.at(dense, tuple(self.indices.T), self.values)
        return dense


def tensor_to_wire(value: Array | SparseArray, *, dtype: str | None = None) -> dict[str, Any]:
    """The wire map of an array; `dtype` names what numpy cannot (the bits of a bfloat16).

    >>> tensor_to_wire(np.array([1, 2], "int8"))
    {'dtype': 'int8', 'shape': [2], 'data': <memory at 0x...>}
    """
    if isinstance(value, SparseArray):
        return {
            "dtype": dtype_name(value.values.dtype),
            "shape": list(value.shape),
            "indices": tensor_to_wire(np.asarray(value.indices, "int64")),
            "values": tensor_to_wire(value.values),
        }
    name = dtype or dtype_name(value.dtype)
    wire: dict[str, Any] = {"dtype": name, "shape": list(value.shape)}
    if name == "string":
        wire["data"] = [_as_bytes(item) for item in value.reshape(-1).tolist()]
        return wire
    bits = bfloat16_bits(value) if name == "bfloat16" and value.dtype == np.float32 else value
    contiguous = np.ascontiguousarray(bits).astype(bits.dtype.newbyteorder("<"), copy=False)
    wire["data"] = contiguous.reshape(-1).view(np.uint8).data
    return wire


def _as_bytes(item: Any) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, str):
        return item.encode()
    raise MalformedRequest(f"expected text or bytes in a string tensor; got {type(item).__name__} {item!r}")


def is_tensor_map(wire: Any) -> bool:
    """Whether a decoded map stands for a tensor."""
    return isinstance(wire, Mapping) and "dtype" in wire and "shape" in wire and ("data" in wire or "indices" in wire)


def tensor_from_wire(wire: Mapping[str, Any], path: str = "$") -> Array | SparseArray:
    """The array of a wire map, checked before memory is taken; `path` is its place, for messages.

    A bfloat16 comes back as ml_dtypes' bfloat16 where that is installed, else exactly as float32.

    >>> tensor_from_wire({"dtype": "int16", "shape": [2], "data": b"\\x01\\x00\\x02\\x00"})
    array([1, 2], dtype=int16)
    """
    dtype, shape = wire["dtype"], _checked_shape(wire["shape"], path)
    if dtype not in DTYPES:
        raise MalformedRequest(f"expected a dtype, one of {', '.join(DTYPES)}; got {shown(dtype)} at {path}.dtype")
    if "indices" in wire:
        return _sparse_from_wire(wire, shape, path)
    _check_dense(shape, path)
    data = wire["data"]
    if isinstance(data, str) and data.startswith(BASE64) and dtype != "string":
        data = _decoded(data, path)
    if isinstance(data, bytes | bytearray | memoryview):
        return _from_bytes(data, dtype, shape, path)
    return array_from_lists(data, dtype, shape, f"{path}.data")


def _decoded(data: str, path: str) -> bytes:
    try:
        return bytes_of_text(data)
    except ValueError as error:
        raise MalformedRequest(f"expected bytes as base64; {error} at {path}.data") from error


def _checked_shape(shape: Any, path: str) -> tuple[int, ...]:
    lengths = shape if isinstance(shape, Sequence) and not isinstance(shape, str | bytes) else None
    if lengths is None or any(type(n) is not int or not 0 <= n < 2**63 for n in lengths):
        raise MalformedRequest(f"expected a list of lengths, each 0 or more; got {shown(shape)} at {path}.shape")
    if len(lengths) > MOST_AXES:
        raise MalformedRequest(f"expected at most {MOST_AXES} axes; got {len(lengths)} at {path}.shape")
    return tuple(lengths)


def _check_dense(shape: tuple[int, ...], path: str) -> None:
    """Refuse a shape whose bytes numpy cannot count in 64 bits, which it must even where one length is 0."""
    if math.prod(n for n in shape if n) >= 2**59:
        raise MalformedRequest(f"expected a shape of fewer than 2**59 elements; got {shown(shape)} at {path}.shape")


def _wrong_length(got: int, expected: int, what: str, path: str) -> MalformedRequest:
    return MalformedRequest(f"expected {expected} {what} of data for this dtype and shape; got {got} at {path}.data")


def _from_bytes(data: bytes | bytearray | memoryview, dtype: str, shape: tuple[int, ...], path: str) -> Array:
    if dtype == "string":
        raise MalformedRequest(f"expected a list of strings for dtype string; got bytes at {path}.data")
    expected = math.prod(shape) * item_bytes(dtype)
    if len(data) != expected:
        raise _wrong_length(len(data), expected, "bytes", path)
    array = np.frombuffer(data, wire_dtype(dtype)).reshape(shape)
    if dtype == "bfloat16" and array.dtype == np.uint16:
        return from_bfloat16_bits(array)
    if dtype == "bool" and array.size and array.view(np.uint8).max() > 1:
        raise MalformedRequest(f"expected bytes 0 or 1 for dtype bool; got {array.view(np.uint8).max()} at {path}.data")
    return array


def _sparse_from_wire(wire: Mapping[str, Any], shape: tuple[int, ...], path: str) -> SparseArray:
    parts = []
    for name in ("indices", "values"):
        if not is_tensor_map(wire.get(name)):
            raise MalformedRequest(f"expected a tensor; got {type(wire.get(name)).__name__} at {path}.{name}")
        parts.append(tensor_from_wire(wire[name], f"{path}.{name}"))
    indices, values = parts
    if isinstance(indices, SparseArray) or isinstance(values, SparseArray):
        raise MalformedRequest(f"expected dense indices and values in a sparse tensor at {path}")
    if wire["values"]["dtype"] != wire["dtype"]:
        raise MalformedRequest(f"expected values of {wire['dtype']}; got {wire['values']['dtype']} at {path}.values")
    if indices.dtype.kind not in "iu" or indices.shape != (values.size, len(shape)) or values.ndim != 1:
        raise MalformedRequest(
            f"expected integer indices of shape ({values.size}, {len(shape)}) and values of rank 1; "
            f"got {indices.dtype.name} {indices.shape} and {values.shape} at {path}"
        )
    if indices.size and (indices.min() < 0 or (indices.max(axis=0) >= np.array(shape)).any()):
        raise MalformedRequest(f"expected indices inside the shape {shape}; got one outside at {path}.indices")
    return SparseArray(indices.astype("int64"), values, shape)


def tensor_to_lists(wire: Mapping[str, Any]) -> dict[str, Any]:
    """A wire map with nested lists for its bytes, as JSON carries it; data that is lists already stays.

    >>> tensor_to_lists(tensor_to_wire(np.array([[1.5, np.inf]], "float32")))
    {'dtype': 'float32', 'shape': [1, 2], 'data': [[1.5, 'Infinity']]}
    """
    if "indices" in wire:
        parts = {name: tensor_to_lists(wire[name]) for name in ("indices", "values")}
        return {**wire, **parts}
    shape = tuple(wire["shape"])
    if wire["dtype"] == "string":
        strings = np.empty(len(wire["data"]), object)
        strings[:] = wire["data"]
        return {**wire, "data": array_to_lists(strings.reshape(shape))}
    if not isinstance(wire["data"], bytes | bytearray | memoryview):
        return dict(wire)
    return {**wire, "data": array_to_lists(_from_bytes(wire["data"], wire["dtype"], shape, "$"))}
