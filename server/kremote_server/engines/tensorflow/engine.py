"""The TensorFlow engine as the worker sees it."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from kremote_proto.errors import InvalidValue, KremoteError, OutOfMemory, Unsupported
from kremote_proto.op import Op
from kremote_proto.specs import Spec
from kremote_proto.tensors import Array, SparseArray

from ..engine import Engine, closed
from ..programs import Outcome
from ..recording.graph import UPDATES
from ..state import SessionState
from . import programs, updates
from .calling import Traced
from .differentiation import DifferentiableGraph
from .inference import infer, spec_of, specs_of_op
from .memory import array_of, tensor_of
from .seeds import VariableCounter


def engine() -> TensorFlowEngine:
    """The engine, for the loader."""
    return TensorFlowEngine("tensorflow")


class TensorFlowEngine(Engine):
    """Eager ops run at once; ops on symbols are recorded and run in a `tf.function`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.graph = DifferentiableGraph(self)
        self._accelerated = False

    @property
    def version(self) -> str:
        return f"tensorflow {tf.__version__}"

    def device(self, index: int) -> str:
        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            return "cpu"
        self._accelerated = True
        own = gpus[index % len(gpus)]
        tf.config.set_visible_devices(own, "GPU")
        tf.config.experimental.set_memory_growth(own, True)
        return (
            f"gpu:{index % len(gpus)} {tf.config.experimental.get_device_details(own).get('device_name', '')}".strip()
        )

    @functools.cache  # noqa: B019  one engine lives as long as its worker
    def implementation(self, op: Op) -> Callable[..., Any]:
        family = importlib.import_module(f"{__package__}.{op.family}")
        found: Callable[..., Any] | None = getattr(family, op.name.rpartition(".")[2], None)
        if found is None:
            raise Unsupported(f"the engine tensorflow has no {op.name}", op=op.name)
        return found

    def compiled(self, body: Callable[..., Any], inputs: Sequence[Spec] = ()) -> Callable[..., Any]:
        return Traced(body, [_signature(spec) for spec in inputs])

    def signature(self, value: Any) -> Hashable | None:
        return programs.signature(value)

    def compiled_program(
        self, body: Callable[[list[Any]], Outcome], values: Sequence[Any], state: SessionState
    ) -> Callable[[Sequence[Any]], list[Any]]:
        return programs.compiled(body, values, state)

    def updated(self, op: str, x: Any, /, **amounts: Any) -> Any:
        return updates.updated(op, x, **amounts)

    def specs(self, op: Op, implementation: Callable[..., Any], arguments: dict[str, Any]) -> Spec | list[Spec]:
        return specs_of_op(op, implementation, arguments)

    def session(self) -> SessionState:
        return SessionState(VariableCounter())

    def tensor(self, value: Array | SparseArray) -> Any:
        if isinstance(value, SparseArray):
            return tf.sparse.reorder(tf.SparseTensor(value.indices, value.values, value.shape))
        tensor = tensor_of(value)
        return tf.identity(tensor) if self._accelerated else tensor  # which an accelerator takes to itself

    def read(self, value: Any) -> Any:
        if isinstance(value, tf.SparseTensor):
            parts = (value.indices, value.values, value.dense_shape)
            return tf.SparseTensor(*(tf.identity(part) for part in parts))
        return value if isinstance(value, tf.Tensor) else tf.convert_to_tensor(value)

    def array(self, value: Any) -> Array | SparseArray:
        if isinstance(value, tf.SparseTensor):
            return SparseArray(value.indices.numpy(), value.values.numpy(), tuple(value.dense_shape.numpy().tolist()))
        return array_of(tf.convert_to_tensor(value))

    def concrete_spec(self, value: Any) -> Spec:
        return spec_of(value)

    def infer(self, op: Op, arguments: Mapping[str, Any]) -> Spec | list[Spec] | None:
        if not op.traceable or op.name in UPDATES or self.graph.method(op) is not None:
            return super().infer(op, arguments)
        return infer(self.implementation(op), closed(arguments))

    def is_variable(self, value: Any) -> bool:
        return isinstance(value, tf.Variable)

    def translate(self, error: Exception) -> KremoteError:
        translated = _translated(error) if isinstance(error, tf.errors.OpError) else super().translate(error)
        translated.message = _without_addresses(translated.message)
        return translated


def _signature(spec: Spec) -> Any:
    of = tf.SparseTensorSpec if spec.sparse else tf.TensorSpec
    return of(spec.shape, spec.dtype)


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
