"""The evaluation of symbols: each node is run once, its dependencies first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import InvalidValue

from ..structures import map_leaves
from .symbols import Closure, Node, Symbol, Update, reachable

if TYPE_CHECKING:
    from ..engine import Engine

#: The operator that gives a variable's new value, for the updates whose amount is not the value itself.
_OPERATORS = {"update_add": "operator.add", "update_sub": "operator.sub"}
#: What K calls the amount of an update.
_AMOUNTS = {"update": "new_x", "update_add": "increment", "update_sub": "decrement"}


class Evaluation:
    """One evaluation of symbols: their values so far, and the updates met on the way."""

    def __init__(self, engine: Engine, values: dict[Symbol, Any]) -> None:
        self.values = values
        self._engine = engine
        self._results: dict[Node, Any] = {}
        self._updates: list[tuple[Update, Any]] = []

    def run(self, targets: Iterable[Any]) -> None:
        """Evaluate what the targets need, in order."""
        for symbol in reachable(targets, stop=self.values):
            if symbol not in self.values:
                self.values[symbol] = self._value(symbol)

    def value(self, target: Any) -> Any:
        """The value of a symbol, or the concrete value itself."""
        return self.values[target] if isinstance(target, Symbol) else target

    def results_of(self, node: Node) -> Any:
        """What a node computes, once, of dependencies that have run."""
        if node not in self._results:
            self._results[node] = node.run(map_leaves(self._argument, node.arguments))
        return self._results[node]

    def apply(self) -> None:
        """Make the changes of the updates that were met."""
        for update, amount in self._updates:
            self._engine.compute(update.op, x=update.variable, **{_AMOUNTS[update.op]: amount})

    def _value(self, symbol: Symbol) -> Any:
        if isinstance(symbol, Update):
            return self._update(symbol)
        if symbol.default is not None:
            return symbol.default
        if symbol.node is None:
            raise InvalidValue(
                f"expected a value for the placeholder {symbol.name!r} ({symbol.spec}) behind this; got none",
                hint="make a K.function with the placeholder among its inputs, and call it",
            )
        result = self.results_of(symbol.node)
        return result if symbol.index is None else result[symbol.index]

    def _argument(self, leaf: Any) -> Any:
        if isinstance(leaf, Closure):
            return leaf.bind([self.values[capture] for capture in leaf.captures])
        return self.value(leaf)

    def _update(self, update: Update) -> Any:
        # Read now: another update of the same function must not change the variable an amount may be.
        dtype = self._engine.spec(update.variable).dtype
        amount = self._engine.compute("cast", x=self._engine.read(self.value(update.amount)), dtype=dtype)
        self._updates.append((update, amount))
        operator = _OPERATORS.get(update.op)
        return self._engine.compute(operator, x=update.variable, y=amount) if operator else amount
