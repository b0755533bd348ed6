"""Reductions, running sums and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .row import ALL, FLOATS, NUMBERS, Refusal, Row, Sample, bad_type, bad_value, case

X = Sample((2, 3, 4))
CASES = (
    case("all", x=X),
    case("all, kept", x=X, keepdims=True),
    case("first", x=X, axis=0),
    case("last, kept", x=X, axis=-1, keepdims=True),
    case("two", x=X, axis=[0, 2]),
    case("two, kept", x=X, axis=[-1, 1], keepdims=True),
    case("no axes", x=X, axis=[]),
    case("scalar", x=Sample(())),
)
REFUSED = (
    bad_value("beyond", "expected an axis in [-3, 3); got 3", x=X, axis=3),
    bad_value("before", "expected an axis in [-3, 3); got -4", x=X, axis=[0, -4]),
    bad_value("twice", "expected each axis once; got [0, -3]", x=X, axis=[0, -3]),
    bad_value("scalar", "expected an axis None, for a tensor of rank 0; got 0", x=Sample(()), axis=0),
    bad_type("axis", "expected an axis", x=X, axis=1.5),
    bad_type("keepdims", "expected a boolean", x=X, keepdims="yes"),
)
NO_BOOL = bad_type("bool", "expected x of", x=Sample((2,), dtype="bool"))
RUNNING = (case("first", x=X), case("second", x=X, axis=1), case("last", x=X, axis=-1), case("vector", x=Sample((6,))))
RUNNING_REFUSED = (
    bad_value("beyond", "expected an axis in [-3, 3); got 3", x=X, axis=3),
    bad_type("list", "expected an integer", x=X, axis=[0]),
    NO_BOOL,
)


def _reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)

    return reference


def _mean(x: Any, **arguments: Any) -> Any:
    mean = _reduction(np.mean)(x, **arguments)
    return np.trunc(mean) if x.dtype.kind == "i" else mean


def _argmax(x: Any, axis: int | None = -1) -> Any:
    return np.argmax(x, axis or 0)


def _floats(dtype: str) -> str:
    return "float32" if dtype == "bool" else dtype


def _row(name: str, reference: Callable[..., Any], dtypes: tuple[str, ...], refused: tuple[Refusal, ...]) -> Row:
    return Row(name, CASES, reference, dtypes, _floats, differentiable=("x",), refused=REFUSED + refused)


ROWS = (
    _row("max", _reduction(np.max), NUMBERS, (NO_BOOL,)),
    _row("min", _reduction(np.min), NUMBERS, (NO_BOOL,)),
    _row("sum", _reduction(np.sum), NUMBERS, (NO_BOOL,)),
    _row("prod", _reduction(np.prod), NUMBERS, (NO_BOOL,)),
    _row("mean", _mean, ALL, ()),
    _row(
        "var",
        _reduction(np.var),
        (*FLOATS, "bool"),
        (bad_type("integers", "expected x of", x=Sample((2,), dtype="int32")),),
    ),
    Row(
        "cumsum", RUNNING, lambda x, axis=0: np.cumsum(x, axis), NUMBERS, differentiable=("x",), refused=RUNNING_REFUSED
    ),
    Row(
        "cumprod",
        RUNNING,
        lambda x, axis=0: np.cumprod(x, axis),
        NUMBERS,
        differentiable=("x",),
        refused=RUNNING_REFUSED,
    ),
    Row(
        "argmax",
        (case("last", x=X), case("first", x=X, axis=0), case("middle", x=X, axis=-2), case("none", x=X, axis=None)),
        _argmax,
        ALL,
        lambda _: "int64",
        refused=(bad_value("beyond", "expected an axis in [-3, 3); got 3", x=X, axis=3),),
    ),
)
