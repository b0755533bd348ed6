"""Values inside replies: small ones as far as there is room, the others to be read from their own address."""

from __future__ import annotations

from typing import Any

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import LimitExceeded
from kremote_proto.messages import INLINE_BYTES
from kremote_proto.specs import Spec
from kremote_proto.tensors import Array, SparseArray

#: How many bytes of values one reply holds: a program may ask for the same one many times.
REPLY_BYTES = 64 << 20


class Room:
    """What one reply has left for values."""

    def __init__(self) -> None:
        self._left = REPLY_BYTES

    def for_spec(self, spec: Spec) -> bool:
        """Whether a value fits, as far as its spec tells."""
        return spec.sparse or spec.bytes is None or spec.bytes <= min(INLINE_BYTES, self._left)

    def place(self, value: Array | SparseArray) -> Any:
        """The entry of a reply for a value; raises `LimitExceeded` for a sparse one that does not fit."""
        size = bytes_of(value)
        if isinstance(value, SparseArray):
            if size > self._left:
                raise LimitExceeded(
                    f"expected at most {REPLY_BYTES} bytes of values in a reply; got a sparse tensor of {size} more",
                    hint="read it alone: GET /v1/sessions/{session}/tensors/{id}",
                )
        elif size > min(INLINE_BYTES, self._left):
            return large(Spec(dtype_name(value.dtype), value.shape))
        self._left -= size
        return value


def large(spec: Spec) -> dict[str, Any]:
    """What stands in a reply for a value that is not in it."""
    return {"large": True, **spec.to_wire()}


def bytes_of(value: Array | SparseArray) -> int:
    """The bytes of a value's elements, of texts as they are.

    >>> import numpy as np
    >>> bytes_of(np.zeros(3)), bytes_of(np.array([b"abc", b"d"], object))
    (24, 4)
    """
    if isinstance(value, SparseArray):
        return value.indices.nbytes + bytes_of(value.values)
    if value.dtype == object:
        return sum(map(len, value.reshape(-1).tolist()))
    return value.nbytes
