"""Reading values: what is there already is fetched, without an instruction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kremote_proto import handles
from kremote_proto.errors import InvalidType

from .tensor import Tensor


def _eval(arguments: dict[str, Any]) -> Any:
    return _read(arguments["x"], np.asarray, "eval")


def _get_value(arguments: dict[str, Any]) -> Any:
    return _read(arguments["x"], lambda value: value, "get_value")


def _batch_get_value(arguments: dict[str, Any]) -> Any:
    tensors = arguments["tensors"]
    tensors = list(tensors) if isinstance(tensors, list | tuple) else [tensors]
    if any(not isinstance(tensor, Tensor) or tensor.symbolic for tensor in tensors):
        return NotImplemented
    return fetch(tensors)


#: By op, what gives the value without running anything, or `NotImplemented` where something must run.
READERS: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "eval": _eval,
    "get_value": _get_value,
    "batch_get_value": _batch_get_value,
}


def _read(value: Any, of_host_value: Callable[[Any], Any], op: str) -> Any:
    if isinstance(value, Tensor):
        return NotImplemented if value.symbolic else fetch([value])[0]
    if isinstance(value, handles.Handle):
        raise InvalidType(f"expected a tensor; got {value!r} at $.x", op=op)
    if value is None or callable(value):
        raise InvalidType(f"expected a tensor, an array, a number or a list of numbers; got {value!r} at $.x", op=op)
    return of_host_value(value)


def fetch(tensors: list[Tensor]) -> list[Any]:
    """The arrays of concrete tensors, in one exchange."""
    if not tensors:
        return []
    session = tensors[0].session
    for tensor in tensors:
        session.check_usable(tensor._value)
    return session.fetch(tensors)
