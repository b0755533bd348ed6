"""The bytes of an array as they go over the wire, from its own memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kremote_proto.tensors import Array

from .connection import PIECE_BYTES


class Octets:
    """An array's elements, little-endian, in C order; to be gone through as often as it takes."""

    def __init__(self, array: Array) -> None:
        # Dtypes that numpy has not itself (bfloat16) are in the machine's order, and no iterator casts them.
        self._array = array.view(f"u{array.itemsize}") if array.dtype.kind == "V" else array
        self.length = array.nbytes

    def __iter__(self) -> Iterator[memoryview]:
        """The bytes in few pieces; each is gone when the next is asked for."""
        wanted = self._array.dtype.newbyteorder("<")
        if self._array.flags.c_contiguous and self._array.dtype == wanted:
            if self.length:
                yield self._array.reshape(-1).view(np.uint8).data
            return
        # No second copy of the whole: pieces of it, each put in order in one small buffer.
        pieces = np.nditer(
            self._array,
            flags=["external_loop", "buffered", "zerosize_ok"],
            op_flags=["readonly"],
            op_dtypes=wanted,
            order="C",
            casting="equiv",
            buffersize=max(1, PIECE_BYTES // self._array.itemsize),
        )
        for piece in pieces:
            if len(piece):
                yield np.ascontiguousarray(piece).view(np.uint8).data
