"""Reductions, running sums and products."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.special

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
NO_INTEGERS = bad_type("integers", "expected x of", x=Sample((2,), dtype="int32"))
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


def _place(function: Callable[..., Any], x: Any, axis: int | None = -1) -> Any:
    return function(x, axis or 0)


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
        (NO_INTEGERS,),
    ),
    Row(
        "std",
        # Where there is one element there is no deviation, and a square root has no slope at 0.
        tuple(replace(one, smooth=one.name not in ("no axes", "scalar")) for one in CASES),
        _reduction(np.std),
        (*FLOATS, "bool"),
        _floats,
        differentiable=("x",),
        refused=(*REFUSED, NO_INTEGERS),
    ),
    Row(
        "logsumexp",
        CASES,
        _reduction(scipy.special.logsumexp),
        differentiable=("x",),
        refused=(*REFUSED, NO_INTEGERS, NO_BOOL),
        keras=False,
    ),
    *(
        Row(
            name,
            (*CASES, case("nothing", x=Sample((0, 3)), axis=0), case("lists", x=[[0, 0.5], [0, 0]], axis=1)),
            _reduction(function),
            ALL,
            lambda _: "bool",
            refused=REFUSED,
            keras=False,
        )
        for name, function in (("any", np.any), ("all", np.all))
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
    *(
        Row(
            name,
            (
                case("last", x=X),
                case("first", x=X, axis=0),
                case("middle", x=X, axis=-2),
                case("none", x=X, axis=None),
                case("vector", x=Sample((5,))),
                case("no rows", x=Sample((0, 3))),
            ),
            functools.partial(_place, function),
            ALL,
            lambda _: "int64",
            refused=(
                bad_value("beyond", "expected an axis in [-3, 3); got 3", x=X, axis=3),
                bad_value("scalar", "expected an axis None, for a tensor of rank 0; got -1", x=Sample(())),
                bad_value("of nothing", "expected an axis with elements", x=Sample((0, 3)), axis=0),
                bad_type("list", "expected an integer", x=X, axis=[0]),
            ),
        )
        for name, function in (("argmax", np.argmax), ("argmin", np.argmin))
    ),
)
