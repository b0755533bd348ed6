"""Functions of each element, and activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from .row import FLOATS, NUMBERS, Row, Sample, bad_type, bad_value, case, kinked

X = Sample((3, 4))
POSITIVE = Sample((3, 4), 0.5, 3.0)
INTEGERS = Sample((2,), dtype="int32")
NO_INTEGERS = bad_type("integers", "expected x of", x=INTEGERS)


def _clip(x: Any, min_value: Any, max_value: Any) -> Any:
    above = x if max_value is None else np.minimum(x, np.asarray(max_value, x.dtype))
    return above if min_value is None else np.maximum(above, np.asarray(min_value, x.dtype))


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
    *(
        Row(name, RANKS, function, differentiable=("x",), refused=(NO_INTEGERS,))
        for name, function in (("exp", np.exp), ("sin", np.sin), ("cos", np.cos))
    ),
    Row(
        "log",
        (case("positive", x=Sample((3, 4), 0.5, 3.0)),),
        np.log,
        differentiable=("x",),
        refused=(NO_INTEGERS,),
    ),
    Row(
        "sign",
        RANKS,
        np.sign,
        NUMBERS,
        differentiable=("x",),
        refused=(bad_type("unsigned", "expected x of", x=Sample((2,), 0, dtype="uint8")),),
    ),
    Row(
        "round",
        (*RANKS, case("large", x=Sample((5,), -1e6, 1e6))),
        np.round,
        NUMBERS,
        refused=(bad_type("bool", "expected x of", x=Sample((2,), dtype="bool")),),
    ),
    Row(
        "pow",
        (
            case("same", x=POSITIVE, a=X),
            case("number", x=X, a=2),
            case("fraction", x=POSITIVE, a=0.5),
            case("negative", x=POSITIVE, a=-1),
            case("number left", x=2, a=X),
            case("rows", x=POSITIVE, a=Sample((4,))),
            case("outer", x=Sample((3, 1), 0.5, 3.0), a=Sample((1, 4))),
            case("list", x=POSITIVE, a=[1, 2, 3, 1]),
            case("zero", x=X, a=0),
        ),
        lambda x, a: np.power(x, np.asarray(a, x.dtype if isinstance(x, np.ndarray) else a.dtype)),
        differentiable=("x", "a"),
        refused=(
            bad_value("shapes", "expected shapes that broadcast; got [3, 4] and [5]", x=X, a=Sample((5,))),
            bad_type("dtypes", "K.cast", x=X, a=Sample((4,), dtype="float64")),
            bad_type("unsigned", "expected x of", x=Sample((2,), 0, dtype="uint8"), a=2),
            bad_type("fraction of integers", "expected numbers that int32 holds", x=INTEGERS, a=0.5),
        ),
        keras=False,
    ),
    Row(
        "pow",
        (
            case("square", x=Sample((3, 4), dtype="int32"), a=2),
            case("each", x=Sample((3, 4), dtype="int32"), a=Sample((4,), 0, 3, "int32")),
        ),
        np.power,
        ("int32",),
    ),
    *(
        Row(
            name,
            (
                case("same", x=X, y=X),
                case("number", x=X, y=1),
                case("number left", x=1, y=X),
                case("rows", x=X, y=Sample((4,))),
                case("outer", x=Sample((3, 1)), y=Sample((1, 4))),
                case("longer right", x=Sample((4,)), y=Sample((2, 3, 4))),
                case("list", x=X, y=[1, -1, 0, 1]),
                case("empty", x=Sample((0, 4)), y=Sample((4,))),
                case("scalars", x=Sample(()), y=Sample(())),
            ),
            function,
            NUMBERS,
            differentiable=("x", "y"),
            refused=(
                bad_value("shapes", "expected shapes that broadcast; got [3, 4] and [3, 5]", x=X, y=Sample((3, 5))),
                bad_type("dtypes", "K.cast", x=X, y=Sample((3, 4), dtype="float64")),
                bad_type("bool", "expected x of", x=Sample((2,), dtype="bool"), y=Sample((2,), dtype="bool")),
                bad_type("fraction beside integers", "expected numbers that int32 holds", x=INTEGERS, y=0.5),
            ),
            keras=False,
        )
        for name, function in (("maximum", np.maximum), ("minimum", np.minimum))
    ),
    Row(
        "clip",
        (
            case("numbers", x=X, min_value=0, max_value=1),
            case("about 0", x=X, min_value=-1, max_value=1),
            case("above it all", x=X, min_value=5, max_value=7),
            case("bounds the wrong way round", x=X, min_value=1, max_value=-1),
            case("tensors", x=X, min_value=Sample((), -1.0, 0.0), max_value=Sample((), 0.0, 1.0)),
            case("rows of bounds", x=X, min_value=Sample((4,), -1.0, 0.0), max_value=Sample((3, 1), 0.0, 1.0)),
            case("tensors the wrong way round", x=X, min_value=Sample((4,), 0.0, 1.0), max_value=Sample((4,), -1, 0)),
            case("list", x=X, min_value=[-1, 0, 1, -2], max_value=2),
            case("scalar", x=Sample(()), min_value=-1, max_value=1),
            case("none", x=Sample((0, 3)), min_value=-1, max_value=1),
        ),
        _clip,
        NUMBERS,
        differentiable=("x",),
        refused=(
            bad_value(
                "a longer bound", "expected min_value to broadcast", x=X, min_value=Sample((2, 3, 4)), max_value=1
            ),
            bad_value("shapes", "expected shapes that broadcast", x=X, min_value=0, max_value=Sample((5,))),
            bad_value("wider than x", "expected max_value to", x=Sample((3, 1)), min_value=0, max_value=Sample((3, 2))),
            bad_type("dtypes", "K.cast", x=X, min_value=Sample((), dtype="float64"), max_value=1),
            bad_type("bool", "expected x of", x=Sample((2,), dtype="bool"), min_value=0, max_value=1),
            bad_type("fraction beside integers", "expected numbers that int32", x=INTEGERS, min_value=0.5, max_value=1),
            bad_type("text", "expected", x=X, min_value="low", max_value=1),
        ),
        keras=False,
    ),
    Row(
        "clip",
        (
            case("bounds of its dtype", x=X, min_value=Sample((4,), -1.0, 0.0), max_value=Sample((), 0.0, 1.0)),
            case("fractions", x=X, min_value=-0.5, max_value=0.25),
            case("open below", x=X, min_value=None, max_value=0.5),
            case("open above", x=X, min_value=-0.5, max_value=None),
            case("open", x=X, min_value=None, max_value=None),
        ),
        _clip,
        differentiable=("x",),
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
