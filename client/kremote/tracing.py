"""Python callables as functions on the server: run once, in graph mode, on placeholders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from kremote_proto.ops import graph
from kremote_proto.specs import Spec

from .graph_mode import graph_mode, in_graph_mode
from .name_scopes import scope_of
from .situation import current_situation, situation
from .tensor import Function, Tensor
from .values import Value


class Trace:
    """The run of one callable on placeholders."""

    def __init__(self, outer: Trace | None) -> None:
        self._outer = outer
        #: Whether graph mode was on where the callable was given: inside it is on anyhow.
        self.in_graph_mode: bool = outer.in_graph_mode if outer is not None else in_graph_mode()
        #: Whether the callable closed over a symbol made outside it, so that what it gives is a symbol, too.
        self.uses_outer_symbol = False
        #: Whether the callable asked for the learning phase's symbol.
        self.uses_learning_phase = False

    def note_use(self, value: Value) -> None:
        """Take note of an argument of a call, or of an output."""
        if value.symbolic and value.trace is not self:
            self.uses_outer_symbol = True
            if self._outer is not None:
                self._outer.note_use(value)

    @property
    def mode(self) -> AbstractContextManager[None]:
        """The mode in which what the callable gives is asked for: graph mode where it is a symbol."""
        return graph_mode() if self.uses_outer_symbol else nullcontext()

    def note_learning_phase(self) -> None:
        """Take note that what the callable gives may depend on the learning phase."""
        self.uses_learning_phase = True
        if self._outer is not None:
            self._outer.note_learning_phase()


def current_trace() -> Trace | None:
    """The trace a call is part of."""
    return current_situation.get().trace


@contextmanager
def outside_traces() -> Iterator[None]:
    """Do what is inside as part of no trace, for what outlives it."""
    with situation(trace=None, graph_mode=True), scope_of(""):
        yield


@contextmanager
def tracing() -> Iterator[Trace]:
    """Run what is inside as one trace."""
    trace = Trace(current_trace())
    with situation(trace=trace, graph_mode=True):
        yield trace


def trace_callable(run: Callable[[list[Tensor]], Sequence[Any]], inputs: Sequence[Spec]) -> tuple[Function, Trace]:
    """A function of the callable, which takes placeholders of the specs and gives a list of tensors."""
    with tracing() as trace:
        placeholders = [graph.placeholder(shape=spec.shape, dtype=spec.dtype, sparse=spec.sparse) for spec in inputs]
        outputs = list(run(placeholders))  # type: ignore[arg-type]
        for output in outputs:
            if isinstance(output, Tensor):
                trace.note_use(output._value)
        function = graph.function(placeholders, outputs)
    assert isinstance(function, Function)
    return function, trace
