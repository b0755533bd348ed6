"""Fetched values as arrays: from a reply, or on their own where they are too large for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kremote_proto.tensors import Array, SparseArray, tensor_from_wire

#: Reads a value on its own, given its reference, which item of several it is, and its dtype.
Download = Callable[[Mapping[str, Any], int | None, str], Array]


def received(wire: Any, reference: Mapping[str, Any], download: Download, item: int | None = None) -> Any:
    """The array of a value's wire form; of several a list, with None where there is none.

    Bytes of a reply are read-only, and an array of one's own is not; a scalar comes as numpy's scalar.
    """
    if isinstance(wire, list):
        return [received(part, reference, download, n) for n, part in enumerate(wire)]
    if wire is None:
        return None
    if wire.get("large"):
        return download(reference, reference.get("item", item), wire["dtype"])
    array = tensor_from_wire(wire)
    dense = array.to_dense() if isinstance(array, SparseArray) else array
    return dense[()] if dense.ndim == 0 else np.array(dense) if not dense.flags.writeable else dense
