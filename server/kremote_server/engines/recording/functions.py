"""Functions: inputs, outputs and updates of symbols, compiled as the engine compiles at the first call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.shapes import compatible
from kremote_proto.specs import FunctionSpec, Shape, Spec

from ..structures import leaves
from .evaluation import Evaluation
from .symbols import Closure, Symbol, narrowed, needs, reachable

if TYPE_CHECKING:
    from ..engine import Engine

#: Of how many shapes of inputs a function remembers what they lead to.
_MOST_SHAPES = 64
#: How many symbols are computed op by op where their value is asked for once; compiling takes as long as some hundred.
_FEW = 16


class CompiledFunction:
    """What `K.function` makes: called with tensors it computes the outputs, then applies the updates."""

    def __init__(
        self,
        engine: Engine,
        inputs: Sequence[Symbol],
        outputs: Sequence[Any],
        updates: Sequence[Symbol] = (),
        name: str | None = None,
    ) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.updates = list(updates)
        self.name = name or "function"
        self._engine = engine
        self._order = reachable([*self.outputs, *self.updates], stop=self.inputs)
        fed = set(self.inputs)
        #: Placeholders that the outputs need and the inputs do not feed.
        self.free = [symbol for symbol in self._order if symbol.must_be_fed and symbol not in fed]
        #: What a call computes of or from no static size, and the largest of it by the shapes of the inputs.
        self._open = [
            symbol
            for symbol in self._order
            if symbol not in fed and None in (symbol.spec.size, *(needed.spec.size for needed in needs(symbol)))
        ]
        #: Whether the present value of its one output was asked for.
        self.asked = False
        self._largest: dict[tuple[Any, ...], Spec | None] = {}

    @property
    def spec(self) -> FunctionSpec:
        """What it takes and gives."""
        return FunctionSpec(
            tuple(symbol.spec for symbol in self.inputs), tuple(self._engine.spec(output) for output in self.outputs)
        )

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """The outputs for one list of inputs; outputs and updates both see the variables as they were before."""
        if self.free:
            raise InvalidValue(
                f"expected every placeholder {self.name} depends on among its inputs; lacks {named(self.free)}",
                hint="add it to the inputs of K.function",
            )
        return list(self._compiled(*self.fed(values)))

    def fed(self, values: Sequence[Any]) -> list[Any]:
        """The values in their placeholders' dtypes; raises where one cannot stand for its placeholder."""
        self._check_count(values)
        return [self._fed(value, symbol, i) for i, (value, symbol) in enumerate(zip(values, self.inputs, strict=True))]

    def value(self) -> Any:
        """The present value of the one output of a function without inputs.

        The first time it is computed op by op, where that is quick and possible: what a variable begins with is asked
        for once.
        """
        if self._simple and not self.asked:
            self.asked = True
            return self.inline([], {})[0]
        return self([])[0]

    @property
    def _simple(self) -> bool:
        """Whether it is few ops, of which none calls a function or differentiates."""
        nodes = [symbol.node for symbol in self._order if symbol.node is not None]
        return len(self._order) <= _FEW and not any(
            node.op is None or any(isinstance(leaf, Closure) for leaf in leaves(node.arguments)) for node in nodes
        )

    def largest(self, values: Sequence[Any]) -> Spec | None:
        """The largest tensor that a call computes, as far as shapes tell; None where everything was of static size."""
        if not self._open or len(values) != len(self.inputs):
            return None
        shapes = tuple(self._engine.spec(value).shape for value in values)
        if shapes not in self._largest:
            if len(self._largest) >= _MOST_SHAPES:
                self._largest.clear()
            self._largest[shapes] = self._largest_of(shapes)
        return self._largest[shapes]

    def _largest_of(self, shapes: Sequence[Shape | None]) -> Spec | None:
        fed = dict(zip(self.inputs, shapes, strict=True))
        if not all(compatible(shape, symbol.spec.shape) for symbol, shape in fed.items()):
            return None  # the call itself says what does not fit
        known = {symbol: replace(symbol.spec, shape=shape) for symbol, shape in fed.items()}
        specs = narrowed(self._order, known, self._engine.spec)
        return max((specs.get(symbol, symbol.spec) for symbol in self._open), key=lambda spec: spec.bytes or 0)

    def _check_count(self, values: Sequence[Any]) -> None:
        if len(values) != len(self.inputs):
            raise InvalidValue(f"expected {len(self.inputs)} inputs for {self.name}; got {len(values)}")

    @cached_property
    def _compiled(self) -> Any:
        return self._engine.compiled(lambda *feeds: self.inline(feeds, {}), [symbol.spec for symbol in self.inputs])

    def inline(self, values: Sequence[Any], bindings: Mapping[Symbol, Any]) -> list[Any]:
        """The outputs as part of the computation at hand, `bindings` giving what is taken from outside."""
        evaluation = Evaluation(self._engine, {**bindings, **dict(zip(self.inputs, values, strict=True))})
        evaluation.run([*self.outputs, *self.updates])
        outputs = [self._engine.read(evaluation.value(output)) for output in self.outputs]
        evaluation.apply()
        return outputs

    def closure(self) -> Closure:
        """The function as a callable for `rnn` and its like.

        What was asked for after its inputs, inside the callable, is computed at each call; what was there before and
        does not depend on them is captured.
        """
        if self.updates:
            raise InvalidValue(f"expected a function without updates to be called by an op; got {self.name} with some")
        fed = set(self.inputs)
        dependent = set(fed)
        begun = min((symbol.number for symbol in fed), default=math.inf)
        for symbol in self._order:
            inside = symbol.number > begun and not symbol.is_placeholder
            if inside or any(needed in dependent for needed in needs(symbol)):
                dependent.add(symbol)
        captures: dict[Symbol, None] = {}
        for symbol in self._order:
            if symbol in dependent and symbol not in fed:
                captures.update((needed, None) for needed in needs(symbol) if needed not in dependent)
        captures.update((out, None) for out in self.outputs if isinstance(out, Symbol) and out not in dependent)
        return Closure(self, list(captures))

    def _fed(self, value: Any, symbol: Symbol, position: int) -> Any:
        """The fed value in its placeholder's dtype; raises where it cannot stand for the placeholder."""
        spec = symbol.spec
        where = f"input {position} ({symbol.name!r})" if symbol.name else f"input {position}"
        if isinstance(value, Symbol):
            raise InvalidType(f"expected a concrete value for {where}; got a symbol")
        got = self._engine.spec(value)
        if got.sparse != spec.sparse:
            raise InvalidType(f"expected a {'sparse' if spec.sparse else 'dense'} tensor for {where}; got the other")
        if got.dtype != spec.dtype and "string" in (got.dtype, spec.dtype):
            raise InvalidType(f"expected {spec.dtype} for {where}; got {got.dtype or 'numbers'}")
        if not compatible(got.shape, spec.shape):
            raise InvalidValue(f"expected shape {_shown(spec)} for {where}; got {got.shape}")
        if got.dtype == spec.dtype:
            return self._engine.read(value)
        return self._engine.compute("cast", x=value, dtype=spec.dtype)


def _shown(spec: Spec) -> str:
    return "of any rank" if spec.shape is None else str(spec.shape).replace("None", "any")


def named(placeholders: Sequence[Symbol]) -> str:
    """Placeholders as messages name them."""
    return ", ".join(
        f"{symbol.name!r} ({symbol.spec})" if symbol.name else f"one of {symbol.spec}" for symbol in placeholders
    )
