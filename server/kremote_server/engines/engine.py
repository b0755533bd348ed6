"""An engine: a module of K functions, seen through the few questions a session asks of it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

import numpy as np

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import InternalError, InvalidType, InvalidValue, KremoteError, OutOfMemory, Unsupported
from kremote_proto.op import SETTING_DEFAULTS, Op
from kremote_proto.specs import Spec, spec_of
from kremote_proto.tensors import Array, SparseArray


class Engine:
    """Any module of K functions. Engines that can do better than ask K override these methods."""

    def __init__(self, name: str, module: ModuleType) -> None:
        self.name = name
        self.module = module

    @property
    def version(self) -> str:
        """The tensor library and its version."""
        return f"{self.name} {getattr(self.module, '__version__', '')}".strip()

    def device(self, index: int) -> str:
        """Take the worker's device and say which it is."""
        return "cpu"

    def find(self, op: Op) -> Callable[..., Any]:
        """The engine's function for an op; raises `Unsupported`."""
        namespace, _, name = op.name.rpartition(".")
        if namespace == "operator":
            return _python_operator(name)
        if op.name == "function.call":
            return lambda function, inputs: function(inputs)
        found = getattr(self.module, name, None)
        if not callable(found):
            raise Unsupported(f"the engine {self.name} has no {op.name}", op=op.name)
        return _without_settings(found, op)

    def session(self) -> AbstractContextManager[Any]:
        """What must be set while a session's instructions run (seeds, printing); kept for the session's life."""
        return nullcontext()

    def printed(self, session: AbstractContextManager[Any]) -> list[str]:
        """The lines `print_tensor` printed since last asked."""
        return []

    def symbolic(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function run in graph mode."""
        decorate = getattr(self.module, "symbolic", None)
        if decorate is None:
            raise Unsupported(f"the engine {self.name} has no graph mode")
        decorated: Callable[..., Any] = decorate(function)
        return decorated

    def tensor(self, value: Array | SparseArray) -> Any:
        """The engine's tensor for a host array."""
        array = value.to_dense() if isinstance(value, SparseArray) else value
        constant = getattr(self.module, "constant", None)
        return array if constant is None else constant(array, dtype=dtype_name(array.dtype))

    def fetch(self, value: Any) -> Array:
        """The numpy array of a concrete value."""
        evaluate = getattr(self.module, "eval", None)
        return np.asarray(value if evaluate is None or isinstance(value, np.ndarray) else evaluate(value))

    def spec(self, value: Any) -> Spec:
        """A value's dtype and static shape."""
        shape_of, dtype_of = getattr(self.module, "int_shape", None), getattr(self.module, "dtype", None)
        if shape_of is None or dtype_of is None or isinstance(value, int | float | list | np.ndarray):
            return spec_of(value if not hasattr(value, "shape") else np.asarray(value))
        shape = shape_of(value)
        return Spec(dtype_name(dtype_of(value)), None if shape is None else tuple(shape))

    def infer(self, op: Op, arguments: Mapping[str, Any]) -> Spec | list[Spec] | None:
        """The result's spec before anything is computed, None where the engine cannot tell."""
        return None

    def is_symbol(self, value: Any) -> bool:
        """Whether a value stands for a computation not yet fed."""
        return bool(getattr(self.module, "is_placeholder", lambda _: False)(value))

    def is_variable(self, value: Any) -> bool:
        """Whether a value can be updated."""
        return bool(getattr(self.module, "is_variable", lambda _: False)(value))

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


def _python_operator(name: str) -> Callable[..., Any]:
    python: Callable[..., Any] = getattr(operator, {"absolute": "abs"}.get(name, name))

    def call(x: Any, y: Any = None, index: Any = None) -> Any:
        if name == "getitem":
            return python(x, index if len(index) != 1 else index[0])
        return python(x) if name in ("neg", "invert", "absolute") else python(x, y)

    return call


def _without_settings(function: Callable[..., Any], op: Op) -> Callable[..., Any]:
    """A module of its own has its own settings: it is given the arguments of K's signature that differ from default."""

    def call(**arguments: Any) -> Any:
        signature = op.signature.parameters
        own = {name: value for name, value in arguments.items() if name not in SETTING_DEFAULTS or name in signature}
        return function(**{n: v for n, v in own.items() if v is not None or signature[n].default is not None})

    return call
