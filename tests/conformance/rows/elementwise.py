"""Functions of each element."""

from __future__ import annotations

from typing import Any

import numpy as np

from .row import NUMBERS, Row, Sample, bad_type, bad_value, case

X = Sample((3, 4))
POSITIVE = Sample((3, 4), 0.5, 3.0)
INTEGERS = Sample((2,), dtype="int32")
NO_INTEGERS = bad_type("integers", "expected x of", x=INTEGERS)


def _clip(x: Any, min_value: Any, max_value: Any) -> Any:
    above = x if max_value is None else np.minimum(x, np.asarray(max_value, x.dtype))
    return above if min_value is None else np.maximum(above, np.asarray(min_value, x.dtype))


RANKS = (
    case("matrix", x=X),
    case("vector", x=Sample((5,))),
    case("scalar", x=Sample(())),
    case("none", x=Sample((0, 3))),
)
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
)
