"""Functions of each element, and activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from .row import FLOATS, NUMBERS, Row, Sample, bad_type, bad_value, case, kinked

X = Sample((3, 4))
INTEGERS = Sample((2,), dtype="int32")


def _relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    above = np.where(x > threshold, x, 0)
    if max_value is not None:
        above = np.clip(above, 0, max_value)
    return (np.where(x > threshold, above, alpha * (x - threshold))).astype(x.dtype)


def _softmax(x: Any, axis: Any = -1) -> Any:
    return scipy.special.softmax(x, axis=tuple(axis) if isinstance(axis, list) else axis)


def _crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    if from_logits:
        return -(target * scipy.special.log_softmax(output, axis)).sum(axis)
    scaled = np.clip(output / output.sum(axis, keepdims=True), 1e-7, 1 - 1e-7)
    return -(target * np.log(scaled)).sum(axis)


RANKS = (
    case("matrix", x=X),
    case("vector", x=Sample((5,))),
    case("scalar", x=Sample(())),
    case("none", x=Sample((0, 3))),
)
CLASSES = Sample((3, 4), 0.1, 1.0)

ROWS = (
    Row(
        "abs",
        RANKS,
        np.abs,
        NUMBERS,
        differentiable=("x",),
        refused=(bad_type("bool", "expected x of", x=Sample((2,), dtype="bool")),),
    ),
    Row(
        "square",
        RANKS,
        np.square,
        NUMBERS,
        differentiable=("x",),
        refused=(bad_type("bool", "expected x of", x=Sample((2,), dtype="bool")),),
    ),
    Row(
        "sqrt",
        (case("positive", x=Sample((3, 4), 0.5, 3.0)), case("scalar", x=Sample((), 0.5, 3.0))),
        np.sqrt,
        differentiable=("x",),
        refused=(bad_type("integers", "expected x of a float dtype; got int32[2]", x=INTEGERS),),
    ),
    Row("exp", RANKS, np.exp, differentiable=("x",), refused=(bad_type("integers", "expected x of", x=INTEGERS),)),
    Row(
        "log",
        (case("positive", x=Sample((3, 4), 0.5, 3.0)),),
        np.log,
        differentiable=("x",),
        refused=(bad_type("integers", "expected x of", x=INTEGERS),),
    ),
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
            bad_type("integers with a slope", "alpha is 0.5", x=INTEGERS, alpha=0.5),
            bad_type("alpha", "expected a number", x=X, alpha="steep"),
        ),
    ),
    Row(
        "sigmoid",
        RANKS,
        scipy.special.expit,
        differentiable=("x",),
        refused=(bad_type("integers", "expected x of", x=INTEGERS),),
    ),
    Row("tanh", RANKS, np.tanh, differentiable=("x",), refused=(bad_type("integers", "expected x of", x=INTEGERS),)),
    Row(
        "softmax",
        (case("last", x=X), case("first", x=X, axis=0), case("both", x=Sample((2, 3, 4)), axis=[0, -1])),
        _softmax,
        differentiable=("x",),
        refused=(
            bad_value("vector", "expected x of rank 2 or more; got float32[3]", x=Sample((3,))),
            bad_value("axis", "expected an axis in [-2, 2); got 2", x=X, axis=2),
            bad_type("integers", "expected x of a float dtype", x=Sample((2, 2), dtype="int32")),
        ),
    ),
    Row(
        "categorical_crossentropy",
        (
            case("probabilities", target=CLASSES, output=CLASSES),
            case("axis", target=CLASSES, output=CLASSES, axis=0),
            kinked("clipped", target=CLASSES, output=Sample((3, 4), 0.0, 1e-9)),
            case("logits", target=CLASSES, output=X, from_logits=True),
            case("logits, axis", target=CLASSES, output=X, from_logits=True, axis=0),
            case("images", target=Sample((2, 3, 4), 0.1, 1), output=Sample((2, 3, 4), 0.1, 1), axis=1),
        ),
        _crossentropy,
        FLOATS,
        differentiable=("target", "output"),
        refused=(
            bad_value("shapes", "expected equal shapes; got [3, 4] and [3, 5]", target=X, output=Sample((3, 5))),
            bad_value("axis", "expected an axis in [-2, 2); got 5", target=X, output=X, axis=5),
            bad_type("dtypes", "expected tensors of one dtype", target=Sample((3, 4), dtype="float64"), output=X),
            bad_type("integers", "expected target of a float dtype", target=Sample((3, 4), dtype="int32"), output=X),
        ),
    ),
)
