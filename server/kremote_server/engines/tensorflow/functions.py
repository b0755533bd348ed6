"""Functions: inputs, outputs and updates of symbols, compiled into one `tf.function` at the first call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidType, InvalidValue
from kremote_proto.shapes import compatible
from kremote_proto.specs import Shape, Spec

from .symbols import Closure, Evaluation, Node, Symbol, Update, narrowed, needs, reachable, spec_of

#: Of how many shapes of inputs a function remembers what they lead to.
_MOST_SHAPES = 64


class CompiledFunction:
    """What `K.function` makes: called with tensors it computes the outputs, then applies the updates."""

    def __init__(
        self, inputs: Sequence[Symbol], outputs: Sequence[Any], updates: Sequence[Update] = (), name: str | None = None
    ) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.updates = list(updates)
        self.name = name or "function"
        self._order = reachable([*self.outputs, *self.updates], stop=self.inputs)
        fed = set(self.inputs)
        #: Placeholders that the outputs need and the inputs do not feed.
        self.free = [symbol for symbol in self._order if symbol.is_placeholder and symbol not in fed]
        #: What a call computes that is of no static size, and the largest of it by the shapes of the inputs.
        self._open = [symbol for symbol in self._order if symbol.spec.size is None and symbol not in fed]
        self._largest: dict[tuple[Any, ...], Spec | None] = {}

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """The outputs for one list of inputs; outputs and updates both see the variables as they were before."""
        self._check_count(values)
        if self.free:
            raise InvalidValue(
                f"expected every placeholder {self.name} depends on among its inputs; lacks {_named(self.free)}",
                hint="add it to the inputs of K.function",
            )
        feeds = [_conform(value, symbol, i) for i, (value, symbol) in enumerate(zip(values, self.inputs, strict=True))]
        return list(self._compiled(*feeds))

    def largest(self, values: Sequence[Any]) -> Spec | None:
        """The largest tensor that a call computes, as far as shapes tell; None where everything was of static size."""
        if not self._open or len(values) != len(self.inputs):
            return None
        shapes = tuple(spec_of(value).shape for value in values)
        if shapes not in self._largest:
            if len(self._largest) >= _MOST_SHAPES:
                self._largest.clear()
            self._largest[shapes] = self._largest_of(shapes)
        return self._largest[shapes]

    def _largest_of(self, shapes: Sequence[Shape | None]) -> Spec | None:
        fed = dict(zip(self.inputs, shapes, strict=True))
        if not all(compatible(shape, symbol.spec.shape) for symbol, shape in fed.items()):
            return None  # the call itself says what does not fit
        specs = narrowed(self._order, {symbol: replace(symbol.spec, shape=shape) for symbol, shape in fed.items()})
        return max((specs.get(symbol, symbol.spec) for symbol in self._open), key=lambda spec: spec.bytes or 0)

    def _check_count(self, values: Sequence[Any]) -> None:
        if len(values) != len(self.inputs):
            raise InvalidValue(f"expected {len(self.inputs)} inputs for {self.name}; got {len(values)}")

    @cached_property
    def _compiled(self) -> Any:
        signature = [_signature(symbol.spec) for symbol in self.inputs]
        return tf.function(lambda *feeds: self.inline(feeds, {}), input_signature=signature, autograph=False)

    def inline(self, values: Sequence[Any], bindings: Mapping[Symbol, Any]) -> list[Any]:
        """The outputs as part of the computation at hand, `bindings` giving what is taken from outside."""
        self._check_count(values)
        evaluation = Evaluation({**bindings, **dict(zip(self.inputs, values, strict=True))})
        evaluation.run([*self.outputs, *self.updates])
        outputs = [_read(evaluation.value(output)) for output in self.outputs]
        _apply(evaluation)
        return outputs

    def closure(self) -> Closure:
        """The function as a callable for `rnn` and its like; what does not depend on its inputs is captured."""
        if self.updates:
            raise InvalidValue(f"expected a function without updates to be called by an op; got {self.name} with some")
        fed = set(self.inputs)
        dependent = set(fed)
        for symbol in self._order:
            if any(needed in dependent for needed in needs(symbol)):
                dependent.add(symbol)
        captures: dict[Symbol, None] = {}
        for symbol in self._order:
            if symbol in dependent and symbol not in fed:
                captures.update((needed, None) for needed in needs(symbol) if needed not in dependent)
        captures.update((out, None) for out in self.outputs if isinstance(out, Symbol) and out not in dependent)
        return Closure(self, list(captures))


def _read(value: Any) -> Any:
    if isinstance(value, tf.SparseTensor):
        return tf.SparseTensor(tf.identity(value.indices), tf.identity(value.values), tf.identity(value.dense_shape))
    return tf.identity(value)


def _apply(evaluation: Evaluation) -> None:
    for update, amount in evaluation.updates:
        getattr(update.variable, update.method)(amount)


def _signature(spec: Spec) -> Any:
    if spec.sparse:
        return tf.SparseTensorSpec(spec.shape, spec.dtype)
    return tf.TensorSpec(spec.shape, spec.dtype)


def _conform(value: Any, symbol: Symbol, position: int) -> Any:
    """The fed value in its placeholder's dtype; raises where it cannot stand for the placeholder."""
    spec = symbol.spec
    where = f"input {position} ({symbol.name!r})" if symbol.name else f"input {position}"
    if isinstance(value, Symbol):
        raise InvalidType(f"expected a concrete value for {where}; got a symbol")
    if isinstance(value, tf.SparseTensor) != spec.sparse:
        raise InvalidType(f"expected a {'sparse' if spec.sparse else 'dense'} tensor for {where}; got the other")
    if not isinstance(value, tf.SparseTensor):
        value = tf.convert_to_tensor(value)
    if value.dtype != spec.dtype:
        if tf.string in (value.dtype, tf.as_dtype(spec.dtype)):
            raise InvalidType(f"expected {spec.dtype} for {where}; got {value.dtype.name}")
        value = tf.cast(value, spec.dtype)
    if not tf.TensorShape(spec.shape).is_compatible_with(value.shape):
        raise InvalidValue(f"expected shape {_shown(spec)} for {where}; got {tuple(value.shape.as_list())}")
    return value


def _shown(spec: Spec) -> str:
    return "of any rank" if spec.shape is None else str(spec.shape).replace("None", "any")


def evaluate_symbol(symbol: Symbol) -> Any:
    """A symbol's value from the variables' current values; raises where it depends on a placeholder."""
    compiled = getattr(symbol, "compiled", None)
    if compiled is None:
        compiled = CompiledFunction([], [symbol])
        symbol.compiled = compiled  # type: ignore[attr-defined]  # compiled once, however often it is asked for
    if compiled.free:
        raise InvalidValue(
            f"expected a value that depends on no placeholder; this one depends on {_named(compiled.free)}",
            hint="make a K.function with the placeholder among its inputs, and call it",
        )
    return compiled([])[0]


def evaluate_node(node: Node) -> Any:
    """The results of an op that calls functions. Inside a function as they are, their gradients and updates work."""

    def body() -> Any:
        evaluation = Evaluation({})
        evaluation.run(node.dependencies())
        results = evaluation.results_of(node)
        _apply(evaluation)
        return results

    return tf.function(body, autograph=False)()


def _named(placeholders: Sequence[Symbol]) -> str:
    return ", ".join(
        f"{symbol.name!r} ({symbol.spec})" if symbol.name else f"one of {symbol.spec}" for symbol in placeholders
    )
