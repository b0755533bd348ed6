"""What values take of memory, as they are counted."""

from __future__ import annotations

from typing import Any

from ..engines.engine import Engine
from .failure import Failure
from .room import bytes_of


def size_of(engine: Engine, value: Any) -> int:
    """The bytes of one value's elements; symbols, functions and failures count nothing."""
    if isinstance(value, Failure) or engine.is_symbol(value):
        return 0
    if not (engine.is_variable(value) or hasattr(value, "dtype")):
        return 0
    spec = engine.spec(value)
    if spec.sparse:
        parts = [getattr(value, name) for name in ("indices", "values") if hasattr(value, name)]
        return sum(size_of(engine, part) for part in parts)
    if spec.bytes is None or spec.dtype == "string":
        return bytes_of(engine.fetch(value))
    return spec.bytes
