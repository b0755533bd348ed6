"""Symbols: records of ops not yet run, and their evaluation.

A record is evaluated inside a `tf.function` (see `functions`), where its implementation is called with graph tensors.
Evaluation keeps a stack of its own: a chain of a few thousand ops is deeper than Python's recursion limit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue
from kremote_proto.op import Op
from kremote_proto.specs import Spec
from kremote_proto.specs import spec_of as host_spec

from .structures import leaves, map_leaves

#: Graph mode: every traceable op makes a symbol.
graph_mode: ContextVar[bool] = ContextVar("graph_mode", default=False)

#: Concrete tensors up to this many elements stay constants while a shape is inferred: they may be shapes themselves.
SMALL_CONSTANT = 256


@dataclass(eq=False)
class Node:
    """One op applied to arguments, to be run when a function that needs it runs."""

    #: None for what has no rule of its own.
    op: Op | None
    implementation: Callable[..., Any]
    arguments: dict[str, Any]

    def dependencies(self) -> list[Symbol]:
        """The symbols among the arguments."""
        return [leaf for leaf in _inner_leaves(self.arguments) if isinstance(leaf, Symbol)]


@dataclass(eq=False)
class Symbol:
    """A value that stands for a computation not yet fed: one result of a node, or a placeholder (no node)."""

    spec: Spec
    node: Node | None = None
    index: int | None = None
    name: str | None = None

    @property
    def is_placeholder(self) -> bool:
        """Whether it is fed rather than computed."""
        return self.node is None


@dataclass(eq=False)
class Update(Symbol):
    """A change of a variable, made when a function that has it runs; its value is the variable's new value."""

    variable: tf.Variable = None
    #: "assign", "assign_add" or "assign_sub": the method of the variable.
    method: str = "assign"
    amount: Any = None


@dataclass(eq=False)
class Closure:
    """A function used as a callable: what it takes from outside is evaluated outside, once."""

    function: Any
    captures: list[Symbol] = field(default_factory=list)

    def bind(self, values: list[Any]) -> Callable[[list[Any]], list[Any]]:
        """The callable on flat lists of tensors."""
        bindings = dict(zip(self.captures, values, strict=True))
        return functools.partial(self.function.inline, bindings=bindings)


def _inner_leaves(structure: Any) -> Iterable[Any]:
    for leaf in leaves(structure):
        if isinstance(leaf, Closure):
            yield from leaf.captures
        else:
            yield leaf


def has_symbol(arguments: Mapping[str, Any]) -> bool:
    """Whether a symbol is among the arguments."""
    return any(isinstance(leaf, Symbol) for leaf in leaves(dict(arguments)))


def record(op: Op | None, implementation: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """The symbol, or symbols, of an op; raises what the op refuses of the arguments' static shapes."""
    inferred = infer(implementation, arguments)
    node = Node(op, implementation, arguments)
    if isinstance(inferred, list):
        return [Symbol(spec, node, i) for i, spec in enumerate(inferred)]
    return Symbol(inferred, node)


def infer(implementation: Callable[..., Any], arguments: dict[str, Any]) -> Spec | list[Spec]:
    """The result's specs by TensorFlow's own inference; nothing is computed."""
    if any(isinstance(leaf, Closure) for leaf in leaves(arguments)):
        return _infer_traced(implementation, arguments)
    graph = tf.Graph()
    with graph.as_default():
        return specs_of(implementation(**map_leaves(_stand_in, arguments)))


def _infer_traced(implementation: Callable[..., Any], arguments: dict[str, Any]) -> Spec | list[Spec]:
    """As `infer`, inside a `tf.function`: closures read variables, which a plain graph cannot."""
    found: list[Any] = []

    def trace() -> None:
        def replace(leaf: Any) -> Any:
            if isinstance(leaf, Closure):
                return leaf.bind([_stand_in(capture) for capture in leaf.captures])
            return _stand_in(leaf) if isinstance(leaf, Symbol) else leaf

        found.append(specs_of(implementation(**map_leaves(replace, arguments))))

    tf.function(trace, autograph=False).get_concrete_function()
    specs: Spec | list[Spec] = found[0]
    return specs


def _stand_in(leaf: Any) -> Any:
    if isinstance(leaf, Symbol):
        return make_placeholder(leaf.spec)
    if isinstance(leaf, tf.Variable | tf.SparseTensor):
        return make_placeholder(spec_of(leaf))
    if not tf.is_tensor(leaf):
        return leaf
    # A plain graph cannot capture an eager tensor; a small one may be a shape, so its value is kept.
    return tf.constant(leaf.numpy()) if leaf.shape.num_elements() <= SMALL_CONSTANT else make_placeholder(spec_of(leaf))


def make_placeholder(spec: Spec) -> Any:
    """A graph placeholder of a spec."""
    shape = None if spec.shape is None else list(spec.shape)
    if spec.sparse:
        return tf.compat.v1.sparse_placeholder(spec.dtype, shape)
    return tf.compat.v1.placeholder(spec.dtype, shape)


def spec_of(value: Any) -> Spec:
    """The spec of a TensorFlow tensor, variable or sparse tensor, of a symbol or a host value."""
    if isinstance(value, Symbol):
        return value.spec
    if not (tf.is_tensor(value) or isinstance(value, tf.Variable)):
        return host_spec(value)
    shape = value.shape
    lengths = None if shape.rank is None else tuple(shape.as_list())
    return Spec(value.dtype.base_dtype.name, lengths, isinstance(value, tf.SparseTensor))


def specs_of(results: Any) -> Spec | list[Spec]:
    """The spec of a result, or of each of several."""
    return [spec_of(result) for result in results] if isinstance(results, list | tuple) else spec_of(results)


def reachable(targets: Iterable[Any], stop: Iterable[Symbol] = ()) -> list[Symbol]:
    """The symbols that targets are computed from, in order, dependencies first; `stop` are not looked behind."""
    stopped, order, seen = set(stop), [], set()
    stack = [(target, False) for target in reversed(list(targets)) if isinstance(target, Symbol)]
    while stack:
        symbol, done = stack.pop()
        if done:
            order.append(symbol)
            continue
        if symbol in seen:
            continue
        seen.add(symbol)
        stack.append((symbol, True))
        if symbol not in stopped:
            stack.extend((needed, False) for needed in reversed(needs(symbol)) if needed not in seen)
    return order


def narrowed(order: Iterable[Symbol], specs: dict[Symbol, Spec]) -> dict[Symbol, Spec]:
    """The specs of symbols in order, given more exact ones of some: what the rules of their ops say then."""

    def spec(leaf: Any) -> Spec:
        return specs[leaf] if isinstance(leaf, Symbol) and leaf in specs else spec_of(leaf)

    for symbol in order:
        if symbol not in specs and symbol.node and symbol.node.op:
            said = symbol.node.op.infer(symbol.node.arguments, spec)
            found = said[symbol.index or 0] if isinstance(said, list) else said
            specs[symbol] = found or symbol.spec
    return specs


def needs(symbol: Symbol) -> list[Symbol]:
    """The symbols one symbol is computed from."""
    if isinstance(symbol, Update):
        return [symbol.amount] if isinstance(symbol.amount, Symbol) else []
    return symbol.node.dependencies() if symbol.node else []


@dataclass
class Evaluation:
    """One evaluation of symbols: their values so far, and the updates met on the way."""

    values: dict[Symbol, Any]
    results: dict[Node, Any] = field(default_factory=dict)
    updates: list[tuple[Update, Any]] = field(default_factory=list)

    def run(self, targets: Iterable[Any]) -> None:
        """Evaluate what the targets need, in order."""
        for symbol in reachable(targets, stop=self.values):
            if symbol not in self.values:
                self.values[symbol] = self._value(symbol)

    def value(self, target: Any) -> Any:
        """The value of a symbol, or the concrete value itself."""
        return self.values[target] if isinstance(target, Symbol) else target

    def _value(self, symbol: Symbol) -> Any:
        if isinstance(symbol, Update):
            return self._update(symbol)
        if symbol.node is None:
            raise InvalidValue(
                f"expected a value for the placeholder {symbol.name!r} ({symbol.spec}) behind this; got none",
                hint="make a K.function with the placeholder among its inputs, and call it",
            )
        result = self.results_of(symbol.node)
        return result if symbol.index is None else result[symbol.index]

    def results_of(self, node: Node) -> Any:
        """What a node computes, once, of dependencies that have run."""
        if node not in self.results:
            self.results[node] = node.implementation(**map_leaves(self._argument, node.arguments))
        return self.results[node]

    def _argument(self, leaf: Any) -> Any:
        if isinstance(leaf, Closure):
            return leaf.bind([self.values[capture] for capture in leaf.captures])
        return self.value(leaf)

    def _update(self, update: Update) -> Any:
        # Read now: another update of the same function must not change the variable an amount may be.
        amount = tf.identity(tf.cast(self.value(update.amount), update.variable.dtype))
        self.updates.append((update, amount))
        if update.method == "assign":
            return amount
        return update.variable + amount if update.method == "assign_add" else update.variable - amount
