"""The numpy engine as the worker sees it."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from kremote_proto.dtypes import dtype_name
from kremote_proto.errors import Unsupported
from kremote_proto.op import Op
from kremote_proto.specs import Spec, spec_of
from kremote_proto.tensors import Array, SparseArray

from ..engine import Engine
from .operands import dense, is_sparse, texts
from .variable import Variable


def engine() -> NumpyEngine:
    """The engine, for the loader."""
    return NumpyEngine("numpy")


class NumpyEngine(Engine):
    """Ops computed by numpy, on the CPU; there are no gradients."""

    @property
    def version(self) -> str:
        return f"numpy {np.__version__}"

    @functools.cache  # noqa: B019  one engine lives as long as its worker
    def implementation(self, op: Op) -> Callable[..., Any]:
        try:
            family = importlib.import_module(f"{__package__}.{op.family}")
        except ModuleNotFoundError:
            family = None
        found = getattr(family, op.name.rpartition(".")[2], None)
        if found is None:
            raise Unsupported(
                f"the engine numpy has no {op.name}", op=op.name, hint="the engine tensorflow has all of K"
            )
        return functools.partial(_computed, found)

    def tensor(self, value: Array | SparseArray) -> Any:
        if isinstance(value, SparseArray):
            return value
        return texts(value) if value.dtype.kind in "OSU" else np.array(value)

    def read(self, value: Any) -> Any:
        return value if is_sparse(value) else dense(value)

    def array(self, value: Any) -> Array | SparseArray:
        return self.read(value)  # type: ignore[no-any-return]

    def concrete_spec(self, value: Any) -> Spec:
        if isinstance(value, Variable):
            value = value.value
        if isinstance(value, SparseArray):
            return Spec(dtype_name(value.values.dtype), tuple(value.shape), sparse=True)
        return spec_of(value)

    def is_variable(self, value: Any) -> bool:
        return isinstance(value, Variable)


def _computed(function: Callable[..., Any], **arguments: Any) -> Any:
    """The arrays of an implementation. What numpy warns of (1/0, overflow) is a value in K."""
    with np.errstate(all="ignore"):
        result = function(**arguments)
    if isinstance(result, list):
        return [_as_array(item) for item in result]
    return _as_array(result)


def _as_array(result: Any) -> Any:
    """numpy's scalars are arrays of rank 0 here."""
    return np.asarray(result) if isinstance(result, np.generic) else result
