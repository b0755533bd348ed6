"""Any module of K functions as an engine: what Keras calls an external backend.

Placeholders and functions are kremote's own, so a module need only compute at once: see `recording`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from kremote_proto.arguments import TENSOR
from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import Unsupported
from kremote_proto.kinds import SHAPE
from kremote_proto.op import REQUIRED, Op, Parameter
from kremote_proto.specs import Spec, spec_of
from kremote_proto.tensors import Array, SparseArray

from . import module_operators
from .engine import Engine
from .module_callables import CALLING
from .printing import Lines, line_of, sink


class ModuleEngine(Engine):
    """The functions of a module, each given the arguments it has."""

    def __init__(self, name: str, module: ModuleType) -> None:
        super().__init__(name)
        self.module = module

    @property
    def version(self) -> str:
        return f"{self.name} {getattr(self.module, '__version__', '')}".strip()

    @functools.cache  # noqa: B019  one engine lives as long as its worker
    def implementation(self, op: Op) -> Callable[..., Any]:
        namespace, _, name = op.name.rpartition(".")
        if namespace == "operator":
            return lambda **arguments: module_operators.apply(self, name, self._prepared(op, arguments))
        if op.name in self._own:
            return self._own[op.name]
        function = getattr(self.module, op.name, None) or self._supplied.get(op.name)
        if not callable(function):
            raise Unsupported(
                f"the engine {self.name} has no {op.name}", op=op.name, hint="its module does not define the function"
            )
        if op.name in CALLING:
            return functools.partial(CALLING[op.name], functools.partial(self._call, op, function))
        return lambda **arguments: self._call(op, function, self._prepared(op, arguments))

    @property
    def _own(self) -> dict[str, Callable[..., Any]]:
        """What is for the person at the client, not for the module."""
        return {
            "eval": self.array,
            "get_value": self.array,
            "batch_get_value": lambda tensors: [self.array(tensor) for tensor in tensors],
            "print_tensor": self._print,
        }

    @property
    def _supplied(self) -> dict[str, Callable[..., Any]]:
        """What is simple enough to be done for a module that lacks it."""
        return {
            "identity": lambda x, name=None: self.read(x),
            "stop_gradient": self.read,
            "control.after": lambda x, control_inputs: self.read(x),
            "size": lambda x, name=None: self.tensor(np.array(self.spec(x).size, "int32")),
            "shape": lambda x: self.tensor(np.array(self.spec(x).shape, "int32")),
        }

    def tensor(self, value: Array | SparseArray) -> Any:
        array = value.to_dense() if isinstance(value, SparseArray) else value
        constant = getattr(self.module, "constant", None)
        return array if constant is None else constant(array, dtype=dtype_name(array.dtype))

    def read(self, value: Any) -> Any:
        if isinstance(value, bool | int | float | str | bytes | list | np.ndarray | np.generic):
            return self.tensor(_plain(value))
        if not self.is_variable(value):
            return value
        identity = getattr(self.module, "identity", None)
        return self.tensor(self.array(value)) if identity is None else identity(value)

    def array(self, value: Any) -> Array | SparseArray:
        evaluate = getattr(self.module, "eval", None)
        return np.array(value if evaluate is None or isinstance(value, np.ndarray) else evaluate(value))

    def concrete_spec(self, value: Any) -> Spec:
        shape_of, dtype_of = getattr(self.module, "int_shape", None), getattr(self.module, "dtype", None)
        if shape_of is None or dtype_of is None or isinstance(value, bool | int | float | str | list | np.ndarray):
            return spec_of(value if not hasattr(value, "shape") else np.asarray(value))
        shape = shape_of(value)
        return Spec(dtype_name(dtype_of(value)), None if shape is None else tuple(shape))

    def is_variable(self, value: Any) -> bool:
        asked = getattr(self.module, "is_variable", None)
        return isinstance(value, self._variables) if asked is None else bool(asked(value))

    @functools.cached_property
    def _variables(self) -> tuple[type, ...]:
        """The type of the module's variables, where they are told from other tensors."""
        made, constant = self.module.variable(0.0), self.read(0.0)
        return () if isinstance(constant, type(made)) else (type(made),)

    def _print(self, x: Any, message: str, summarize: int | None) -> Any:
        sink.get(Lines()).add(line_of(np.asarray(self.array(x)), message, summarize))
        return self.read(x)

    def _prepared(self, op: Op, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as a module takes them: lists as tensors, values to keep on the host, lengths as integers."""
        dtype = next((self.spec(arguments[n]).dtype for n in op.one_dtype if not _is_host(arguments.get(n))), None)
        prepared = {}
        for name, value in arguments.items():
            kind = op.parameters[name].kind
            if kind is SHAPE and value is not None:
                lengths = self._lengths(value)
                prepared[name] = lengths[0] if op.name == "eye" and len(lengths) == 1 else lengths
            elif name == "value" and name not in op.one_dtype:
                prepared[name] = value if _is_host(value) else self.array(value)
            elif kind is TENSOR and isinstance(value, list):
                prepared[name] = self.tensor(_plain(value, dtype if name in op.one_dtype else None))
            else:
                prepared[name] = value
        return prepared

    def _lengths(self, shape: Any) -> Any:
        if not isinstance(shape, tuple | list):
            return tuple(np.asarray(self.array(shape)).reshape(-1).tolist())
        return tuple(n if n is None or isinstance(n, int) else int(np.asarray(self.array(n))) for n in shape)

    def _call(self, op: Op, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """The function's result of the arguments it has: what K requires by position, the rest by name."""
        accepted = _parameters(function)
        required, named = [], {}
        for name, parameter in op.parameters.items():
            value = arguments.get(name, parameter.default)
            if parameter.setting:  # a module has its own epsilon
                continue
            if parameter.default is REQUIRED:
                required.append(value)
                continue
            if name == "dtype" and value is None:
                value = self.spec(required[0]).dtype  # modules differ in what None means: K says the tensor's own
            if _is_default(parameter, value):
                continue
            if accepted is None or name in accepted:
                named[name] = value
            elif parameter.kind.setting is None:
                raise Unsupported(f"the engine {self.name} has no argument {name!r} of {op.name}", op=op.name)
        return function(*required, **named)


def _is_host(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | bytes | list | np.ndarray)


def _plain(value: Any, dtype: str | None = None) -> Array:
    """Numbers and lists as arrays, in the dtypes that they have here; texts as bytes."""
    array = np.asarray(value)
    if isinstance(value, np.ndarray | np.generic):
        return array
    natural = {"f": "float32", "i": "int32", "U": "O"}.get(array.dtype.kind, array.dtype.str)
    result: Array = array.astype(dtype or natural)
    return result


def _is_default(parameter: Parameter, value: Any) -> bool:
    """Whether an argument may be left out. Settings of the client are always sent: the module has others of its own."""
    if parameter.kind.setting is not None:
        return value is None
    plain = isinstance(value, bool | int | float | str | tuple)
    return value is parameter.default or (plain and bool(value == parameter.default))


@functools.lru_cache(maxsize=1024)
def _parameters(function: Callable[..., Any]) -> frozenset[str] | None:
    """The names of a function's parameters, None where it takes any."""
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in found.values())
    return None if takes_any else frozenset(found)
