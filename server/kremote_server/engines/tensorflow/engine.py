"""The TensorFlow engine as the worker sees it."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

import numpy as np
import tensorflow as tf

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InvalidValue, KremoteError, OutOfMemory, Unsupported
from kremote_proto.op import Op
from kremote_proto.specs import Spec
from kremote_proto.specs import spec_of as host_spec
from kremote_proto.tensors import Array, SparseArray

from .. import seeds
from ..engine import Engine
from . import graph, printing, symbols
from .functions import CompiledFunction, evaluate_node, evaluate_symbol
from .seeds import VariableCounter
from .structures import leaves, map_leaves
from .symbols import Closure, Node, Symbol


def engine() -> TensorFlowEngine:
    """The engine, for the loader."""
    return TensorFlowEngine("tensorflow")


class TensorFlowEngine(Engine):
    """Eager ops run at once; ops on symbols are recorded and run in a `tf.function`."""

    @property
    def version(self) -> str:
        return f"tensorflow {tf.__version__}"

    def device(self, index: int) -> str:
        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            return "cpu"
        own = gpus[index % len(gpus)]
        tf.config.set_visible_devices(own, "GPU")
        tf.config.experimental.set_memory_growth(own, True)
        return (
            f"gpu:{index % len(gpus)} {tf.config.experimental.get_device_details(own).get('device_name', '')}".strip()
        )

    def implementation(self, op: Op) -> Callable[..., Any]:
        family = importlib.import_module(f"{__package__}.{op.family}")
        found: Callable[..., Any] | None = getattr(family, op.name.rpartition(".")[2], None)
        if found is None:
            raise Unsupported(f"the engine tensorflow has no {op.name}", op=op.name)
        return found

    @functools.cache  # noqa: B019  one engine lives as long as its worker
    def find(self, op: Op) -> Callable[..., Any]:
        implementation = self.implementation(op)
        if getattr(implementation, "direct", False):
            return implementation
        return functools.partial(_run if op.traceable else _run_now, op, implementation)

    def session(self) -> Any:
        return SessionState()

    def printed(self, session: AbstractContextManager[Any]) -> list[str]:
        assert isinstance(session, SessionState)
        return session.lines.take()

    def symbolic(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def in_graph_mode(**arguments: Any) -> Any:
            token = symbols.graph_mode.set(True)
            try:
                return function(**arguments)
            finally:
                symbols.graph_mode.reset(token)

        return in_graph_mode

    def tensor(self, value: Array | SparseArray) -> Any:
        if isinstance(value, SparseArray):
            return tf.sparse.reorder(tf.SparseTensor(value.indices, value.values, value.shape))
        return tf.constant(value, dtype=dtype_name(value.dtype))

    def fetch(self, value: Any) -> Any:
        return self.array(evaluate_symbol(value) if isinstance(value, Symbol) else value)

    def read(self, value: Any) -> Any:
        return tf.identity(value)

    def array(self, value: Any) -> Any:
        if isinstance(value, tf.SparseTensor):
            return SparseArray(value.indices.numpy(), value.values.numpy(), tuple(value.dense_shape.numpy().tolist()))
        if not tf.is_tensor(value):
            value = tf.convert_to_tensor(value)
        return np.array(value.numpy(), object) if value.dtype == tf.string else np.asarray(value.numpy())

    def spec(self, value: Any) -> Spec:
        if isinstance(value, Symbol | tf.Variable | tf.SparseTensor) or tf.is_tensor(value):
            return symbols.spec_of(value)
        return host_spec(value)

    def concrete_spec(self, value: Any) -> Spec:
        return self.spec(value)

    def infer(self, op: Op, arguments: Mapping[str, Any]) -> Spec | list[Spec] | None:
        if op.name == "function.call":
            return cast(CompiledFunction, arguments["function"]).largest(arguments["inputs"])
        if not op.traceable or op.name in graph.UPDATE_METHODS:
            return None
        implementation = getattr(self.find(op), "args", (None, None))[1]
        return None if implementation is None else symbols.infer(implementation, closed(arguments))

    def is_symbol(self, value: Any) -> bool:
        return isinstance(value, Symbol)

    def is_variable(self, value: Any) -> bool:
        return isinstance(value, tf.Variable)

    def translate(self, error: Exception) -> KremoteError:
        translated = _translated(error) if isinstance(error, tf.errors.OpError) else super().translate(error)
        translated.message = _without_addresses(translated.message)
        return translated


class SessionState(AbstractContextManager[None]):
    """A session's seeds and printed lines, set while its instructions run."""

    def __init__(self) -> None:
        self.lines = printing.Lines()
        self.seeds: seeds.SeedCounter = VariableCounter()
        self._active: AbstractContextManager[None] | None = None

    def __enter__(self) -> None:
        self._active = self._set()
        self._active.__enter__()

    def __exit__(self, *exception: Any) -> None:
        assert self._active is not None
        self._active.__exit__(*exception)

    @contextmanager
    def _set(self) -> Iterator[None]:
        lines, counter = printing.sink.set(self.lines), seeds.counter.set(self.seeds)
        try:
            yield
        finally:
            printing.sink.reset(lines)
            seeds.counter.reset(counter)


def closed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with each function as a closure, for an op that calls it."""
    return map_leaves(lambda leaf: leaf.closure() if isinstance(leaf, CompiledFunction) else leaf, dict(arguments))  # type: ignore[no-any-return]


def _run(op: Op, implementation: Callable[..., Any], **arguments: Any) -> Any:
    """Run a traceable op, or record it where it must wait."""
    prepared = closed(arguments)
    closures = [leaf for leaf in leaves(prepared) if isinstance(leaf, Closure)]
    free = any(closure.function.free for closure in closures)
    if symbols.graph_mode.get() or symbols.has_symbol(prepared) or free:
        if op.name in graph.UPDATE_METHODS:
            return graph.symbolic_update(op.name, prepared)
        return symbols.record(op, implementation, prepared)
    return evaluate_node(Node(op, implementation, prepared)) if closures else implementation(**prepared)


def _run_now(op: Op, implementation: Callable[..., Any], **arguments: Any) -> Any:
    """Run an op that acts at once: symbols stand for their present values, except as a shape."""
    if any(isinstance(leaf, Symbol) for leaf in leaves(arguments.get("shape"))):
        return symbols.record(op, implementation, arguments)
    present = map_leaves(lambda leaf: evaluate_symbol(leaf) if isinstance(leaf, Symbol) else leaf, arguments)
    return implementation(**present)


#: What TensorFlow adds to messages of its own inside: nodes, ops and stack traces.
_ADDRESSES = re.compile(
    r"\n\n(?:Stack trace|Original stack trace|Call arguments).*|\s*for '\{\{node.*?\}\} = [^']*'|\{\{[^}]*\}\}\s*"
    r"|\s*\[Op:[^\]]*\](?: name:[ \t]*\S*)?|\s*\[\[.*?\]\]",
    re.DOTALL,
)


def _without_addresses(message: str) -> str:
    lines = message.splitlines()
    files = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    said = "\n".join(lines[files[-1] + 1 :]) if files else message
    return _ADDRESSES.sub("", said).strip()


def _translated(error: tf.errors.OpError) -> KremoteError:
    """The error of the tree for one of TensorFlow's."""
    message = error.message or type(error).__name__
    if isinstance(error, tf.errors.ResourceExhaustedError):
        return OutOfMemory(message, hint="free values you no longer need, or use smaller batches")
    if isinstance(error, tf.errors.UnimplementedError | tf.errors.NotFoundError):
        return Unsupported(message)
    return InvalidValue(message)
