"""Arrays of the host and tensors that share their memory, where they can."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from kremote_proto.dtypes import dtype_name
from kremote_proto.tensors import Array

from ...aligned_memory import ALIGNMENT, address_of, aligned_bytes

#: The kinds of numpy's dtypes that DLPack has.
_EXCHANGED = "biufc"


def tensor_of(array: Array) -> Any:
    """The tensor of an array that nobody writes to any more: in its memory if that is aligned."""
    if array.dtype.kind not in _EXCHANGED or not array.size:
        return tf.constant(array, dtype=dtype_name(array.dtype))
    shared = array if _shareable(array) else _copy(array)
    return tf.experimental.dlpack.from_dlpack(shared.__dlpack__())


def _shareable(array: Array) -> bool:
    """Whether a tensor may have this memory: what is not aligned would end the process, not raise an error."""
    flags = array.flags
    return flags.writeable and flags.c_contiguous and address_of(array) % ALIGNMENT == 0


def _copy(array: Array) -> Array:
    """A copy in aligned memory."""
    copy: Array = aligned_bytes(array.nbytes).view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def array_of(tensor: Any) -> Array:
    """The array of a tensor, to be read alone: in its memory if that is the host's."""
    if tensor.dtype == tf.string:
        return np.array(tensor.numpy(), object)
    if tensor.dtype == tf.bfloat16:  # has no letter in Python's buffers
        return np.asarray(tensor.numpy())
    return np.asarray(memoryview(tensor))
