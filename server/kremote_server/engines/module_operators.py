"""Python's operators on a module's tensors, which have overloads of their own."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .engine import Engine

_UNARY = ("neg", "invert", "absolute")


def apply(engine: Engine, name: str, arguments: Mapping[str, Any]) -> Any:
    """The result of Python's operator of that name."""
    x = _operand(engine, arguments["x"])
    if name == "getitem":
        return _part(engine, x, arguments["index"])
    python: Any = getattr(operator, {"absolute": "abs"}.get(name, name))
    return python(x) if name in _UNARY else python(x, _operand(engine, arguments["y"]))


def _operand(engine: Engine, value: Any) -> Any:
    """A variable as the tensor it is now: a module's variables may have no operators."""
    return engine.read(value) if engine.is_variable(value) else value


def _part(engine: Engine, x: Any, index: tuple[Any, ...]) -> Any:
    """`x[index]`; rows that a tensor of integers picks are gathered, since few libraries index with tensors."""
    first = index[0] if index else None
    if hasattr(first, "shape") and len(engine.spec(first).shape or ()) and engine.spec(first).dtype != "bool":
        indices = np.asarray(engine.array(first))
        indices = np.where(indices < 0, indices + (engine.spec(x).shape or (0,))[0], indices)
        rows = engine.compute("gather", reference=x, indices=engine.tensor(indices))
        return rows[(slice(None),) * indices.ndim + index[1:]] if len(index) > 1 else rows
    return x[index if len(index) != 1 else index[0]]
