"""A handle's shape and dtype: a tuple and a string, with what TensorFlow's own have, for code written for it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, SupportsIndex, overload

from kremote_proto.dtypes import COMPLEXES, FLOATS, INTEGERS, item_bytes, wire_dtype
from kremote_proto.errors import InvalidValue


class TensorShape(tuple[int | None, ...]):
    """A static shape.

    >>> shape = TensorShape((None, 4, 5))
    >>> shape, shape.as_list(), shape.ndims, shape[1:].num_elements()
    ((None, 4, 5), [None, 4, 5], 3, 20)
    """

    __slots__ = ()

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    ndims = rank

    def as_list(self) -> list[int | None]:
        """The lengths, None where unknown."""
        return list(self)

    def num_elements(self) -> int | None:
        """The number of elements, None where a length is unknown."""
        return None if None in self else math.prod(length for length in self if length is not None)

    def is_fully_defined(self) -> bool:
        """Whether every length is known."""
        return None not in self

    @overload
    def __getitem__(self, index: SupportsIndex) -> int | None: ...
    @overload
    def __getitem__(self, index: slice) -> TensorShape: ...

    def __getitem__(self, index: SupportsIndex | slice) -> int | TensorShape | None:
        if isinstance(index, slice):
            return TensorShape(super().__getitem__(index))
        return super().__getitem__(index)

    def __add__(self, other: Iterable[int | None]) -> TensorShape:  # type: ignore[override]
        return TensorShape((*self, *other))

    def __radd__(self, other: Iterable[int | None]) -> TensorShape:
        return TensorShape((*other, *self))


class DType(str):
    """The name of an element type.

    >>> dtype = DType("float32")
    >>> dtype, dtype.name, dtype.base_dtype, dtype.is_floating, dtype.size
    ('float32', 'float32', 'float32', True, 4)
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name, as a string and no more."""
        return str(self)

    @property
    def base_dtype(self) -> DType:
        """The same: variables have no element types of their own here."""
        return self

    @property
    def as_numpy_dtype(self) -> type[Any]:
        """numpy's type of the elements, object for strings."""
        return object if self == "string" else wire_dtype(self).type

    @property
    def is_floating(self) -> bool:
        """Whether elements are real numbers."""
        return self in FLOATS

    @property
    def is_integer(self) -> bool:
        """Whether elements are integers."""
        return self in INTEGERS

    @property
    def is_complex(self) -> bool:
        """Whether elements are complex numbers."""
        return self in COMPLEXES

    @property
    def is_bool(self) -> bool:
        """Whether elements are booleans."""
        return self == "bool"

    @property
    def size(self) -> int:
        """The bytes of an element."""
        if self == "string":
            raise InvalidValue("expected a dtype of one size; a string is as long as it is")
        return item_bytes(self)
