"""An engine: K's ops on one tensor library, seen through the few questions a session asks of it.

An op runs at once, or is recorded where a symbol is among its arguments (see `recording`); an engine says how its
library computes an op, and what else is particular to it.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from kremote_proto.compound_arguments import ShapeKind
from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InternalError, InvalidType, InvalidValue, KremoteError, OutOfMemory, Unsupported
from kremote_proto.op import Op, find_op
from kremote_proto.specs import Spec
from kremote_proto.tensors import MOST_AXES, Array, SparseArray

from .programs import NotCompiled, Outcome
from .recording.evaluation import Evaluation
from .recording.functions import CompiledFunction, named
from .recording.graph import UPDATES, Graph
from .recording.symbols import Closure, Node, Symbol, graph_mode, has_symbol
from .state import SessionState
from .structures import leaves, map_leaves


class Engine(ABC):
    """K's ops on one tensor library."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.graph = Graph(self)

    # What is particular to a library.

    @property
    @abstractmethod
    def version(self) -> str:
        """The tensor library and its version."""

    @abstractmethod
    def implementation(self, op: Op) -> Callable[..., Any]:
        """What computes an op from concrete arguments, by K's names; raises `Unsupported`."""

    @abstractmethod
    def tensor(self, value: Array | SparseArray) -> Any:
        """The library's tensor for a host array."""

    @abstractmethod
    def read(self, value: Any) -> Any:
        """A tensor of a value as it is now: of a variable, a number, a list or a tensor."""

    @abstractmethod
    def array(self, value: Any) -> Array | SparseArray:
        """The host array of a concrete value."""

    @abstractmethod
    def concrete_spec(self, value: Any) -> Spec:
        """The dtype and shape of a concrete value."""

    @abstractmethod
    def is_variable(self, value: Any) -> bool:
        """Whether a value can be updated."""

    def device(self, index: int) -> str:
        """Take the worker's device and say which it is."""
        return "cpu"

    def compiled(self, body: Callable[..., Any], inputs: Sequence[Spec] = ()) -> Callable[..., Any]:
        """What evaluates symbols, as the library runs it best."""
        return body

    def signature(self, value: Any) -> Hashable | None:
        """What a compiled program must know of an input, None for a value that no compiled program takes."""
        return None

    def compiled_program(
        self, body: Callable[[list[Any]], Outcome], values: Sequence[Any], state: SessionState
    ) -> Callable[[Sequence[Any]], list[Any]]:
        """A program's interpretation compiled for inputs such as these: it gives the outputs, having made the changes.

        A call that fails changes nothing. Raises whatever says that it cannot be compiled.
        """
        raise NotCompiled(f"the engine {self.name} compiles no programs")

    def updated(self, op: str, x: Any, /, **amounts: Any) -> Any:
        """While a program is compiled: the new value of a variable whose value is a tensor."""
        raise NotCompiled(f"the engine {self.name} compiles no programs")

    def specs(self, op: Op, implementation: Callable[..., Any], arguments: dict[str, Any]) -> Spec | list[Spec]:
        """The specs of an op's results before they are computed: what its rule says."""
        return op.infer(arguments, self.spec) or self._of_unknown_shape(op, arguments)

    def variable(self, value: Array) -> Any:
        """A new variable whose value is a host array."""
        return self.compute("variable", value=self.tensor(value), dtype=dtype_name(value.dtype), name=None)

    # What a session asks.

    @functools.cache  # noqa: B019  one engine lives as long as its worker
    def find(self, op: Op) -> Callable[..., Any]:
        """What runs an op, or records it; raises `Unsupported`."""
        direct = self.graph.method(op)
        if direct is not None:
            return direct
        return functools.partial(self._run if op.traceable else self._run_now, op, self.implementation(op))

    def session(self) -> SessionState:
        """What must be set while a session's instructions run (seeds, printing); kept for the session's life."""
        return SessionState()

    def printed(self, session: AbstractContextManager[Any]) -> list[str]:
        """The lines `print_tensor` printed since last asked."""
        assert isinstance(session, SessionState)
        return session.lines.take()

    def symbolic(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function run in graph mode."""

        def in_graph_mode(**arguments: Any) -> Any:
            token = graph_mode.set(True)
            try:
                return function(**arguments)
            finally:
                graph_mode.reset(token)

        return in_graph_mode

    def fetch(self, value: Any) -> Array | SparseArray:
        """The host array of a value, of a symbol what it is now."""
        return self.array(self._evaluated(value))

    def spec(self, value: Any) -> Spec:
        """A value's dtype and static shape."""
        return value.spec if isinstance(value, Symbol) else self.concrete_spec(value)

    def infer(self, op: Op, arguments: Mapping[str, Any]) -> Spec | list[Spec] | None:
        """The result's spec before anything is computed, where the op's rule cannot tell; None for unknown."""
        if op.name == "function.call":
            function: CompiledFunction = arguments["function"]
            return function.largest(arguments["inputs"])
        return None

    def is_symbol(self, value: Any) -> bool:
        """Whether a value stands for a computation not yet fed."""
        return isinstance(value, Symbol)

    def translate(self, error: Exception) -> KremoteError:
        """The error of the tree for what the engine raised."""
        if isinstance(error, KremoteError):
            return error
        message = str(error) or type(error).__name__
        if isinstance(error, MemoryError):
            return OutOfMemory(message, hint="free values you no longer need, or work on a part at a time")
        if isinstance(error, NotImplementedError):
            return Unsupported(message)
        if isinstance(error, TypeError):
            return InvalidType(message)
        if isinstance(error, ValueError | LookupError | AssertionError | ArithmeticError):
            return InvalidValue(message)
        return InternalError(f"{type(error).__name__}: {message}")

    # What recording uses.

    def compute(self, op: str, /, **arguments: Any) -> Any:
        """The result of an op of concrete arguments."""
        return self.implementation(find_op(op))(**arguments)

    def record(self, op: Op, implementation: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """The symbol, or symbols, of an op; raises what the op refuses of the arguments' static shapes."""
        said = self.specs(op, implementation, arguments)
        node = Node(op, implementation, arguments)
        if isinstance(said, list):
            return [Symbol(spec, node, i) for i, spec in enumerate(said)]
        return Symbol(said, node)

    def _run(self, op: Op, implementation: Callable[..., Any], **arguments: Any) -> Any:
        """Run a traceable op, or record it where it must wait."""
        prepared = closed(arguments)
        closures = [leaf for leaf in leaves(prepared) if isinstance(leaf, Closure)]
        free = any(closure.function.free for closure in closures)
        if graph_mode.get() or has_symbol(prepared) or free:
            if op.name in UPDATES:
                return self.graph.update(op.name, prepared)
            return self.record(op, implementation, prepared)
        return self._calling(Node(op, implementation, prepared)) if closures else implementation(**prepared)

    def _run_now(self, op: Op, implementation: Callable[..., Any], **arguments: Any) -> Any:
        """Run an op that acts at once: symbols stand for their present values, except as a shape."""
        if any(isinstance(leaf, Symbol) for name in ("shape", "size") for leaf in leaves(arguments.get(name))):
            return self.record(op, implementation, arguments)
        return implementation(**map_leaves(self._evaluated, arguments))

    def _calling(self, node: Node) -> Any:
        """The results of an op that calls functions; inside a function as they are, their updates work."""

        def body() -> Any:
            evaluation = Evaluation(self, {})
            evaluation.run(node.dependencies())
            results = evaluation.results_of(node)
            evaluation.apply()
            return results

        return self.compiled(body)()

    def _evaluated(self, value: Any) -> Any:
        """The present value of a symbol; raises where it depends on a placeholder. Anything else as it is."""
        if not isinstance(value, Symbol):
            return value
        if value.compiled is None:
            value.compiled = CompiledFunction(self, [], [value])
        if value.compiled.free:
            raise InvalidValue(
                f"expected a value that depends on no placeholder; this one depends on {named(value.compiled.free)}",
                hint="make a K.function with the placeholder among its inputs, and call it",
            )
        return value.compiled.value()

    def _of_unknown_shape(self, op: Op, arguments: Mapping[str, Any]) -> Spec | list[Spec]:
        """Specs without shapes: a rule says the dtypes of tensors of some rank, else it is the first tensor's."""
        for rank in range(MOST_AXES):
            try:
                said = op.infer(_supposed_shapes(op, arguments, rank), functools.partial(self._supposed, rank=rank))
            except (InvalidType, InvalidValue):
                continue
            if said is not None:
                return [Spec(one.dtype, None) for one in said] if isinstance(said, list) else Spec(said.dtype, None)
        if op.returns == "tensors":
            raise InvalidValue("expected symbols of known rank; got one whose rank is unknown", op=op.name)
        tensors = [leaf for leaf in leaves(dict(arguments)) if isinstance(leaf, Symbol) or hasattr(leaf, "dtype")]
        return Spec(self.spec(tensors[0]).dtype if tensors else None, None)

    def _supposed(self, value: Any, rank: int) -> Spec:
        spec = self.spec(value)
        return replace(spec, shape=(None,) * rank) if spec.shape is None else spec


def _supposed_shapes(op: Op, arguments: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """The arguments with a length of 1 for each that is a tensor's."""

    def supposed(shape: Any) -> Any:
        if isinstance(shape, tuple):
            return tuple(1 if hasattr(length, "dtype") or isinstance(length, Symbol) else length for length in shape)
        return (1,) * rank if hasattr(shape, "dtype") or isinstance(shape, Symbol) else shape

    shapes = [name for name, parameter in op.parameters.items() if isinstance(parameter.kind, ShapeKind)]
    return {**arguments, **{name: supposed(arguments[name]) for name in shapes if name in arguments}}


def closed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with each function as a closure, for an op that calls it."""
    return map_leaves(lambda leaf: leaf.closure() if isinstance(leaf, CompiledFunction) else leaf, dict(arguments))  # type: ignore[no-any-return]
