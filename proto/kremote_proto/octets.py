"""Octets: the bytes of large arrays before a program's map, where neither side need copy them to have them.

A tensor map among the program's inputs has `octets`, the place where its bytes begin, in the place of `data`. Arrays
begin at multiples of `ALIGNMENT`, in a body that is received into memory so aligned: a tensor is made of them there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .dtypes import DTYPES, item_bytes
from .errors import MalformedRequest, shown
from .tensors import Array, tensor_to_wire

#: Where arrays begin, in bytes.
ALIGNMENT = 64


class Octets:
    """The arrays that go before one program's map.

    >>> import numpy as np
    >>> octets = Octets()
    >>> octets.add(np.array([1, 2], "int8")), octets.add(np.array([3], "int8"))
    ({'dtype': 'int8', 'shape': [2], 'octets': 0}, {'dtype': 'int8', 'shape': [1], 'octets': 64})
    >>> octets.length, sum(map(len, octets.pieces))
    (65, 65)
    """

    def __init__(self) -> None:
        self.pieces: list[bytes | memoryview] = []
        self.length = 0

    def add(self, array: Array, *, lent: bool = False) -> dict[str, Any]:
        """The map of an array of numbers. Its bytes are copied, unless its owner lends them: until `keep`."""
        wire = tensor_to_wire(array)
        data = wire.pop("data")
        padding = -self.length % ALIGNMENT
        if padding:
            self.pieces.append(bytes(padding))
        self.pieces.append(data if lent else bytes(data))
        start = self.length + padding
        self.length = start + len(data)
        return {**wire, "octets": start}

    def keep(self) -> None:
        """Copy what is lent."""
        self.pieces = [bytes(piece) for piece in self.pieces]


def split(body: memoryview, length: str) -> tuple[memoryview, memoryview]:
    """The octets of a body, and its map; raises `MalformedRequest` where there are not so many."""
    if not length.isdecimal() or len(length) > 20 or int(length) > len(body):
        raise MalformedRequest(
            f"expected the length of what goes before the map, at most the body's {len(body)} bytes; "
            f"got {shown(length)} at ?octets"
        )
    return body[: int(length)], body[int(length) :]


def with_data(inputs: Any, octets: memoryview) -> Any:
    """A program's inputs with `data` in the place of `octets`: views of them.

    A view keeps all of the octets in memory, so that only an array of half as many or more has one; others are copied.

    >>> with_data([{"dtype": "int8", "shape": [1], "octets": 1}], memoryview(b"\\1\\2"))[0]["data"][0]
    2
    """
    if not isinstance(inputs, Sequence):
        return inputs
    return [_with_data(one, octets, f"$.inputs[{n}]") for n, one in enumerate(inputs)]


def _with_data(one: Any, octets: memoryview, path: str) -> Any:
    if not isinstance(one, dict) or "octets" not in one:
        return one
    start, dtype, shape = one["octets"], one.get("dtype"), one.get("shape")
    if dtype not in DTYPES or dtype == "string" or not isinstance(shape, list):
        raise MalformedRequest(f"expected a tensor of numbers beside octets; got {shown(one)} at {path}")
    lengths = [length for length in shape if type(length) is int and length >= 0]
    size = math.prod(lengths) * item_bytes(dtype)
    if type(start) is not int or start < 0 or len(lengths) != len(shape) or start + size > len(octets):
        raise MalformedRequest(
            f"expected {size} bytes from a place within the {len(octets)} before the map; "
            f"got {shown(start)} at {path}.octets"
        )
    data = octets[start : start + size]
    return {"dtype": dtype, "shape": shape, "data": data if 2 * size >= len(octets) else bytes(data)}
