"""Activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from .row import Row, Sample, bad_type, bad_value, case

X = Sample((3, 4))
INTEGERS = Sample((2,), dtype="int32")
RANKS = (
    case("matrix", x=X),
    case("vector", x=Sample((5,))),
    case("scalar", x=Sample(())),
    case("none", x=Sample((0, 3))),
    case("far", x=Sample((4, 5), -30, 30)),
)
NO_INTEGERS = bad_type("integers", "expected x of a float", x=INTEGERS)


def _relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    above = np.where(x > threshold, x, 0)
    if max_value is not None:
        above = np.clip(above, 0, max_value)
    return (np.where(x > threshold, above, alpha * (x - threshold))).astype(x.dtype)


def _elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(x))


def _softmax(x: Any, axis: Any = -1) -> Any:
    return scipy.special.softmax(x, axis=tuple(axis) if isinstance(axis, list) else axis)


ROWS = (
    Row(
        "relu",
        (
            *RANKS,
            case("leaky", x=X, alpha=0.3),
            case("bounded", x=X, max_value=1.5),
            case("at six", x=Sample((3, 4), -9, 9), max_value=6),
            case("threshold", x=X, threshold=0.5),
            case("all", x=X, alpha=0.2, max_value=1.25, threshold=0.5),
            case("below zero", x=X, alpha=0.2, threshold=-0.5),
        ),
        _relu,
        differentiable=("x",),
        refused=(
            bad_type("integers with a slope", "alpha is 0.5", x=INTEGERS, alpha=0.5, threshold=1),
            bad_type("alpha", "expected a number", x=X, alpha="steep"),
            bad_type("bool", "expected x of an integer or float dtype", x=Sample((2,), dtype="bool")),
        ),
    ),
    Row(
        "relu",
        (
            case("whole", x=Sample((3, 4), -9, 9)),
            case("bounded", x=Sample((3, 4), -9, 9), max_value=4),
            case("threshold", x=Sample((3, 4), -9, 9), threshold=2),
        ),
        _relu,
        ("int32",),
    ),
    Row(
        "elu",
        (*RANKS, case("alpha", x=X, alpha=0.5), case("no alpha", x=X, alpha=0), case("below", x=X, alpha=-2.0)),
        _elu,
        differentiable=("x",),
        refused=(NO_INTEGERS, bad_type("alpha", "expected a number", x=X, alpha="steep")),
    ),
    Row(
        "hard_sigmoid",
        (case("middle", x=X), case("far", x=Sample((4, 5), -9, 9)), case("scalar", x=Sample(()))),
        lambda x: np.clip(0.2 * x + 0.5, 0, 1),
        differentiable=("x",),
        refused=(NO_INTEGERS,),
    ),
    Row("softplus", RANKS, lambda x: np.logaddexp(0, x), differentiable=("x",), refused=(NO_INTEGERS,)),
    Row("softsign", RANKS, lambda x: x / (1 + np.abs(x)), differentiable=("x",), refused=(NO_INTEGERS,)),
    Row("sigmoid", RANKS, scipy.special.expit, differentiable=("x",), refused=(NO_INTEGERS,)),
    Row("tanh", RANKS, np.tanh, differentiable=("x",), refused=(NO_INTEGERS,)),
    Row(
        "softmax",
        (
            case("last", x=X),
            case("first", x=X, axis=0),
            case("far", x=Sample((3, 4), -90, 90)),
            case("both", x=Sample((2, 3, 4)), axis=[0, -1]),
            case("one in a list", x=Sample((2, 3, 4)), axis=[1]),
            case("all", x=X, axis=None),
        ),
        _softmax,
        differentiable=("x",),
        refused=(
            bad_value("vector", "expected x of rank 2 or more; got float32[3]", x=Sample((3,))),
            bad_value("axis", "expected an axis in [-2, 2); got 2", x=X, axis=2),
            bad_value("axis twice", "expected each axis once", x=X, axis=[1, -1]),
            bad_type("integers", "expected x of a float dtype", x=Sample((2, 2), dtype="int32")),
        ),
    ),
)
