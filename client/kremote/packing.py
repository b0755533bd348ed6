"""Arguments of a call on their way to the wire."""

from __future__ import annotations

from typing import Any

import numpy as np

from kremote_proto import handles
from kremote_proto.arguments import wrong_type
from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.tensors import Array, SparseArray

from .forms import Hole
from .operands import is_sparse_array, sparse_array
from .session import Session
from .tensor import Handle
from .values import Value

#: Larger arrays go to the server on their own. It costs a round trip, which shows where there is little to copy.
MOST_INLINE_BYTES = 4 << 20


class Packer:
    """Packs the arguments of one call, and remembers what they were."""

    def __init__(self) -> None:
        #: The session of the handles among the arguments: a call belongs to it, whichever session is entered.
        self.session: Session | None = None
        self.values: list[Value] = []
        #: The holes of arrays that go to the server on their own.
        self.large: list[Hole] = []
        #: The bytes of the others.
        self.inline_bytes = 0

    @property
    def symbolic(self) -> bool:
        """Whether a symbol was among the arguments."""
        return any(value.symbolic for value in self.values)

    @property
    def deferred(self) -> bool:
        """Whether a variable of Keras was among the arguments, so that the call waits for a function."""
        return any(value.deferred for value in self.values)

    def tensor(self, value: Any, path: str) -> Any:
        """The wire form of a handle, an array, a number or a list."""
        if isinstance(value, handles.Tensor):
            return self.handle(value, path)
        if isinstance(value, bool | float | str | bytes) and not isinstance(value, np.generic):
            return value
        if isinstance(value, int):
            return _number(value, path)
        if is_sparse_array(value):
            return Hole(value if isinstance(value, SparseArray) else sparse_array(value), path)
        if isinstance(value, list | tuple) and _is_plain(value, path):
            return list(value)
        return self._array(value, path)

    def handle(self, handle: handles.Handle, path: str) -> Hole:
        """The place of a handle, which decides the call's session where nothing else did."""
        if not isinstance(handle, Handle):
            raise wrong_type("a handle of kremote", handle, path)
        value = handle._value
        if self.session is None:
            self.session = value.session
        self.session.check_usable(value, path)
        self.values.append(value)
        return Hole(handle, path)

    def _array(self, value: Any, path: str) -> Hole:
        if value is None:
            raise InvalidValue(f"expected a tensor, an array, a number or a list of numbers; got None at {path}")
        if callable(value):
            raise wrong_type("a tensor, an array, a number or a list of numbers", value, path)
        array = np.asarray(value)
        try:
            dtype = dtype_name(array.dtype)
        except InvalidType as error:
            raise InvalidType(f"{error.message} at {path}") from None
        hole = Hole(array, path)
        if dtype == "string":
            _check_text(array, value, path)
        elif array.nbytes > MOST_INLINE_BYTES or self.inline_bytes > MOST_INLINE_BYTES:
            self.large.append(hole)
        else:
            self.inline_bytes += array.nbytes
        return hole


def _number(value: int, path: str) -> int:
    if not -(2**63) <= value < 2**64:
        raise InvalidValue(f"expected an integer that fits 64 bits; got {value} at {path}")
    return value


def _check_text(array: Array, value: Any, path: str) -> None:
    if not all(isinstance(item, str | bytes) for item in array.reshape(-1).tolist()):
        raise wrong_type("a tensor, an array, a number or a list of numbers", value, path)


def _is_plain(value: list[Any] | tuple[Any, ...], path: str) -> bool:
    """Whether a list holds plain numbers or texts and nothing else; raises for handles and for uneven lengths."""
    plain = True
    level: list[Any] = [value]
    while level:
        items = [item for part in level for item in part]
        if any(isinstance(item, handles.Handle) for item in items):
            raise InvalidType(
                f"expected numbers in a list of numbers; got a handle at {path}",
                hint="join tensors with an op such as K.concatenate",
            )
        plain = plain and all(type(item) in (int, float, bool, str, bytes, list, tuple) for item in items)
        level = [item for item in items if isinstance(item, list | tuple)]
    try:
        kind = np.asarray(value).dtype.kind
    except (ValueError, OverflowError) as error:
        raise InvalidValue(f"expected numbers in nested lists of equal lengths; {error} at {path}") from None
    return plain and kind in "biufSU"
