"""A value's dtype and static shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .dtypes import dtype_name, item_bytes

Shape = tuple[int | None, ...]

#: Vectors up to this long may be shapes.
MOST_LENGTHS = 32


@dataclass(frozen=True, slots=True)
class Spec:
    """A value's dtype and static shape.

    `shape` is None when the rank is unknown; an entry is None when that length is unknown. `dtype` is None for a
    Python number, which takes the dtype of what it meets.
    """

    dtype: str | None
    shape: Shape | None
    sparse: bool = False
    #: Of integers that may be lengths, as `K.shape` gives: the integers as far as they are known, None if none is.
    lengths: Shape | None = field(default=None, compare=False, repr=False)

    @property
    def ndim(self) -> int | None:
        """The number of axes, None when unknown."""
        return None if self.shape is None else len(self.shape)

    @property
    def size(self) -> int | None:
        """The number of elements, None when a length is unknown."""
        if self.shape is None or None in self.shape:
            return None
        return math.prod(length for length in self.shape if length is not None)

    @property
    def bytes(self) -> int | None:
        """The bytes a dense value of this spec takes, None when unknown."""
        return None if self.size is None or self.dtype is None else self.size * item_bytes(self.dtype)

    def to_wire(self) -> dict[str, Any]:
        """The spec's entries of a reply.

        >>> Spec("float32", (2, None)).to_wire()
        {'dtype': 'float32', 'shape': [2, None]}
        """
        wire: dict[str, Any] = {"dtype": self.dtype, "shape": None if self.shape is None else list(self.shape)}
        if self.sparse:
            wire["sparse"] = True
        return wire

    def __str__(self) -> str:
        lengths = "?" if self.shape is None else ", ".join("?" if n is None else str(n) for n in self.shape)
        return f"{self.dtype or '?'}[{lengths}]"


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What a function takes and gives, None where nothing is known of one."""

    inputs: tuple[Spec | None, ...]
    outputs: tuple[Spec | None, ...]


def spec_from_wire(wire: Mapping[str, Any]) -> Spec:
    """The spec of a reply's entries."""
    shape = wire.get("shape")
    return Spec(wire.get("dtype"), None if shape is None else tuple(shape), bool(wire.get("sparse", False)))


def spec_of(value: Any) -> Spec:
    """The spec of a host value: a number, a list or an array.

    >>> spec_of(1.5), str(spec_of(np.zeros((2, 3), "int8")))
    (Spec(dtype=None, shape=(), sparse=False), 'int8[2, 3]')
    """
    if isinstance(value, int | float | complex) and not isinstance(value, np.generic):
        return Spec(None, (), lengths=(value,) if type(value) is int else None)
    array = np.asarray(value)
    # A list of numbers, like a number, takes the dtype of what it meets; text stays text.
    known = isinstance(value, np.ndarray | np.generic) or array.dtype.kind in "SU"
    dtype = dtype_name(array.dtype) if known else None
    return Spec(dtype, array.shape, lengths=_lengths_of(array))


def _lengths_of(array: np.ndarray[Any, Any]) -> Shape | None:
    """The elements of what may be a shape."""
    may_be = array.ndim <= 1 and array.size <= MOST_LENGTHS and array.dtype.kind in "iu"
    return tuple(int(element) for element in array.reshape(-1)) if may_be else None
