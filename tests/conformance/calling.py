"""Calls of an op: through K, and of the TensorFlow engine's implementation in this process."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from kremote_proto.op import CATALOGUE, SETTING_DEFAULTS
from kremote_proto.ops import keras
from kremote_server.engines.engine import Engine
from kremote_server.engines.loading import load_engine

from .rows import Row, replaced


def call(K: ModuleType, name: str, arguments: Mapping[str, Any]) -> Any:
    """What a user would write: `K.name(...)`, or Python's operator."""
    if name == "operator.getitem":
        return arguments["x"][arguments["index"]]
    if name.startswith("keras."):
        return getattr(keras, name.removeprefix("keras."))(**arguments)
    if name.startswith("operator."):
        python = getattr(operator, name.removeprefix("operator.").replace("absolute", "abs"))
        return python(*arguments.values())
    return getattr(K, name)(**arguments)


@functools.cache
def tensorflow_engine() -> Engine:
    """The engine, in this process."""
    return load_engine("tensorflow")


def implementation(name: str) -> Callable[..., Any]:
    """The engine's function for an op."""
    engine, op = tensorflow_engine(), CATALOGUE[name]
    return engine.graph.method(op) or engine.implementation(op)


def complete(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the engine is given them: defaults and settings filled in, an index as a tuple."""
    given = {}
    for key, parameter in CATALOGUE[name].parameters.items():
        value = arguments.get(key, parameter.default)
        if value is None and parameter.kind.setting:
            value = SETTING_DEFAULTS[parameter.kind.setting]
        given[key] = value
    if name == "operator.getitem" and not isinstance(given["index"], tuple):
        given["index"] = (given["index"],)
    return given


def arrays(arguments: Mapping[str, Any], function: Callable[[Any], Any]) -> dict[str, Any]:
    """The arguments with each array replaced."""
    return {name: replaced(value, function, np.ndarray) for name, value in arguments.items()}


def expected(row: Row, arguments: Mapping[str, Any]) -> Any:
    """The reference's answer; numpy's own functions have other names for their arguments."""
    if hasattr(row.reference, "__code__"):
        return np.asarray(row.reference(**arguments))
    return np.asarray(row.reference(*arguments.values()))


def assert_agrees(got: Any, wanted: Any, row: Row, dtype: str, place: str) -> None:
    """Compare an array with the reference's: dtype, shape and numbers."""
    got = np.asarray(got)
    assert got.shape == wanted.shape, f"{place}: shape {got.shape}, the reference has {wanted.shape}"
    assert got.dtype == dtype, f"{place}: dtype {got.dtype}, expected {dtype}"
    exact = got.dtype.kind in "biu"
    tolerance = (
        0 if exact else row.tolerance * (1 if got.dtype == "float32" else 100 if got.dtype == "float16" else 1e-6)
    )
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance, err_msg=place)
