"""Calls as bytes: everything of an instruction but the tensors it is given, which fill its holes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgpack
import numpy as np

from kremote_proto.tensors import Array, SparseArray

from .tensor import Handle

#: What fills a hole: a handle, an array of the caller's, or the id of one that was uploaded on its own.
Content: TypeAlias = Handle | Array | SparseArray | int

#: Stands for a hole while the rest is encoded: no bytes of anybody's, for it is drawn at random.
_MARK = secrets.token_bytes(16)
_MARKED: bytes = msgpack.packb(_MARK)


@dataclass(eq=False, slots=True)
class Hole:
    """The place of a tensor among a call's arguments."""

    content: Any
    path: str


@dataclass(eq=False, slots=True)
class Form:
    """An encoded instruction: bytes, then for each hole those that follow it."""

    head: bytes
    tails: tuple[bytes, ...]
    size: int


def form_of(op: str, wire: dict[str, Any], symbolic: bool) -> tuple[Form, list[Hole]]:
    """The form of an instruction, and the holes in its order. Raises `OverflowError` for integers beyond 64 bits."""
    holes: list[Hole] = []

    def note(value: Any) -> Any:
        if isinstance(value, Hole):
            holes.append(value)
            return _MARK
        if isinstance(value, np.generic):
            return value.item()
        raise TypeError(f"kremote's wire carries no {type(value).__name__}")

    instruction = {"op": op, "args": wire, "symbolic": True} if symbolic else {"op": op, "args": wire}
    packed: bytes = msgpack.packb(instruction, default=note, use_bin_type=True)
    head, *tails = packed.split(_MARKED)
    return Form(head, tuple(tails), len(packed)), holes
