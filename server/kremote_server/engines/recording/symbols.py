"""Symbols: records of ops not yet run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from kremote_proto.op import Op
from kremote_proto.specs import FunctionSpec, Spec

from .. import seeds
from ..structures import leaves

#: Graph mode: every traceable op makes a symbol.
graph_mode: ContextVar[bool] = ContextVar("graph_mode", default=False)


@dataclass(eq=False)
class Node:
    """One op applied to arguments, to be run when a function that needs it runs."""

    #: None for gradients, which no rule describes.
    op: Op | None
    implementation: Callable[..., Any]
    arguments: dict[str, Any]

    def dependencies(self) -> list[Symbol]:
        """The symbols among the arguments."""
        return [leaf for leaf in inner_leaves(self.arguments) if isinstance(leaf, Symbol)]

    def run(self, arguments: dict[str, Any]) -> Any:
        """What it computes of concrete arguments."""
        token = seeds.recorded.set(self)
        try:
            return self.implementation(**arguments)
        finally:
            seeds.recorded.reset(token)


@dataclass(eq=False)
class Symbol:
    """A value that stands for a computation not yet fed: one result of a node, or a placeholder (no node)."""

    spec: Spec
    node: Node | None = None
    index: int | None = None
    name: str | None = None
    #: What a placeholder stands for where it is not fed, if anything.
    default: Any = None
    #: The function that gives its present value, made when that is first asked for.
    compiled: Any = None
    #: Symbols are numbered as they are made.
    number: int = field(default_factory=itertools.count().__next__)

    @property
    def is_placeholder(self) -> bool:
        """Whether it is fed rather than computed."""
        return self.node is None

    @property
    def must_be_fed(self) -> bool:
        """Whether it has no value but what it is fed."""
        return self.is_placeholder and self.default is None


@dataclass(eq=False)
class Update(Symbol):
    """A change of a variable, made when a function that has it runs; its value is the variable's new value."""

    variable: Any = None
    #: The op that makes the change: "update", "update_add" or "update_sub".
    op: str = "update"
    amount: Any = None

    @property
    def is_placeholder(self) -> bool:
        return False


@dataclass(eq=False)
class Closure:
    """A function used as a callable: what it takes from outside is evaluated outside, once."""

    function: Any
    captures: list[Symbol] = field(default_factory=list)

    @property
    def spec(self) -> FunctionSpec:
        """What it takes and gives."""
        found: FunctionSpec = self.function.spec
        return found

    def bind(self, values: list[Any]) -> BoundClosure:
        """The callable, given what it takes from outside."""
        return BoundClosure(self.function, dict(zip(self.captures, values, strict=True)))


@dataclass(eq=False)
class BoundClosure:
    """A callable on flat lists of tensors."""

    function: Any
    bindings: dict[Symbol, Any]

    @property
    def spec(self) -> FunctionSpec:
        """What it takes and gives."""
        found: FunctionSpec = self.function.spec
        return found

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        results: list[Any] = self.function.inline(self.function.fed(values), self.bindings)
        return results


def inner_leaves(structure: Any) -> Iterable[Any]:
    """Every leaf of arguments; of a closure, what it takes from outside."""
    for leaf in leaves(structure):
        if isinstance(leaf, Closure):
            yield from leaf.captures
        else:
            yield leaf


def has_symbol(arguments: Mapping[str, Any]) -> bool:
    """Whether a symbol is among the arguments."""
    return any(isinstance(leaf, Symbol) for leaf in leaves(dict(arguments)))


def reachable(targets: Iterable[Any], stop: Iterable[Symbol] = ()) -> list[Symbol]:
    """The symbols that targets are computed from, in order, dependencies first; `stop` are not looked behind.

    It keeps a stack of its own: a chain of a few thousand ops is deeper than Python's recursion limit.
    """
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


def needs(symbol: Symbol) -> list[Symbol]:
    """The symbols one symbol is computed from."""
    if isinstance(symbol, Update):
        return [symbol.amount] if isinstance(symbol.amount, Symbol) else []
    return symbol.node.dependencies() if symbol.node else []


def narrowed(order: Iterable[Symbol], specs: dict[Symbol, Spec], spec_of: Callable[[Any], Spec]) -> dict[Symbol, Spec]:
    """The specs of symbols in order, given more exact ones of some: what the rules of their ops say then."""

    def spec(leaf: Any) -> Spec:
        return specs[leaf] if isinstance(leaf, Symbol) and leaf in specs else spec_of(leaf)

    for symbol in order:
        if symbol not in specs and symbol.node and symbol.node.op:
            said = symbol.node.op.infer(symbol.node.arguments, spec)
            found = said[symbol.index or 0] if isinstance(said, list) else said
            specs[symbol] = found or symbol.spec
    return specs
