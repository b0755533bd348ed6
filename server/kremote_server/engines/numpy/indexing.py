"""Parts of a tensor."""

from __future__ import annotations

from typing import Any

from kremote_proto.errors import InvalidDType, InvalidType, InvalidValue

from .operands import dense, is_given


def getitem(x: Any, index: tuple[Any, ...]) -> Any:
    """The part of x that numpy's basic indexing names, or a mask or one tensor of indices picks."""
    x = dense(x)
    first = dense(index[0]) if index and is_given(index[0]) else None
    if first is None or (first.ndim == 0 and first.dtype != bool):
        return x[tuple(_basic(entry) for entry in index)]
    if first.dtype == bool:
        if len(index) > 1:
            raise InvalidType(f"expected a bool tensor alone between the brackets; got {len(index)} indices")
        return x[first]
    rest = tuple(_basic(entry) for entry in index[1:])
    rows = x[_inside(first, len(x))]
    return rows[(slice(None),) * first.ndim + rest] if rest else rows


def _inside(indices: Any, length: int) -> Any:
    if indices.dtype.kind not in "iu":
        raise InvalidDType(f"expected indices of integers or bool; got {indices.dtype.name}")
    wrong = indices[(indices < -length) | (indices >= length)]
    if wrong.size:
        raise InvalidValue(f"indices[...] = {wrong.flat[0]} is not in [0, {length})")
    return indices


def _basic(entry: Any) -> Any:
    if isinstance(entry, slice):
        return slice(*(_basic(bound) for bound in (entry.start, entry.stop, entry.step)))
    if not is_given(entry):
        return entry
    entry = dense(entry)
    if entry.ndim != 0 or entry.dtype.kind not in "iu":
        raise InvalidType(
            f"expected scalar integer tensors among several indices; got {entry.dtype.name} of shape {entry.shape}"
        )
    return int(entry)
