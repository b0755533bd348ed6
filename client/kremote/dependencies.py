"""`K.control_dependencies`: what is computed inside comes after other symbols, and sees the variables they updated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kremote_proto.errors import InvalidType
from kremote_proto.ops import control, creation

from .situation import current_situation, situation
from .structure import leaves, like
from .tensor import Tensor, Variable


class Dependencies:
    """The symbols that come first. A variable one of them updates is read as its new value."""

    def __init__(self, control_inputs: list[Tensor], outer: Dependencies | None) -> None:
        self.inputs: list[Tensor] = [*(outer.inputs if outer is not None else []), *control_inputs]
        self._updated: dict[Variable, Tensor] = {}
        for symbol in self.inputs:
            self._note(symbol)

    def _note(self, symbol: Tensor) -> None:
        for earlier in symbol.__dict__.get("_control_inputs", ()):
            self._note(earlier)
        if symbol.updates is not None:
            self._updated[symbol.updates] = symbol

    def reading(self, arguments: Mapping[str, Any], target: str | None = None) -> dict[str, Any]:
        """The arguments of a call with new values in the place of variables, except the one it updates itself."""
        return {name: value if name == target else self._read(value) for name, value in arguments.items()}

    def _read(self, value: Any) -> Any:
        if isinstance(value, list | tuple | dict):
            return like(value, [self._read(leaf) for leaf in leaves(value)])
        return self._updated.get(value, value) if isinstance(value, Variable) else value

    def before(self, result: Any) -> Any:
        """A result that comes after the symbols."""
        if isinstance(result, list | tuple):
            return [self.before(one) for one in result]
        if not isinstance(result, Tensor) or not result.symbolic:
            return result
        return self.after(result)

    def after(self, value: Any, of_dtype_of: Any = None) -> Any:
        """A symbol of the value, computed after the symbols; a number or an array takes the dtype of a tensor."""
        with situation(dependencies=None):
            if isinstance(of_dtype_of, Tensor) and not isinstance(value, Tensor):
                value = creation.constant(value, dtype=of_dtype_of.dtype)
            return control.after(value, self.inputs)


def current_dependencies() -> Dependencies | None:
    """What the calls made here come after, if anything."""
    return current_situation.get().dependencies


@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """Let what is computed inside come after other symbols, and see the variables as those leave them.

    Values that are there at once are in program order anyhow, so only symbols count.

    Args:
        control_inputs: updates and other symbols, a list or a single one; None forgets those of the scopes around.

    Raises:
        TypeError: when one is no tensor.

    Example:
        >>> count = K.variable(0.0)
        >>> @K.symbolic
        ... def step():
        ...     with K.control_dependencies([K.update_add(count, 1.0)]):
        ...         return K.function([], [count * 10])
        >>> float(step()([])[0])
        10.0
        >>> float(K.eval(count))
        1.0
    """
    if control_inputs is None:
        with situation(dependencies=None):
            yield
        return
    listed = list(control_inputs) if isinstance(control_inputs, list | tuple) else [control_inputs]
    for one in listed:
        if not isinstance(one, Tensor):
            raise InvalidType(f"expected tensors to depend on; got {one!r}", op="control_dependencies")
    outer = current_dependencies()
    symbols = [one for one in listed if one.symbolic]
    with situation(dependencies=Dependencies(symbols, outer) if symbols else outer):
        yield
