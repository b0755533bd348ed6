"""Shapes and new tensors in the likeness of others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .row import ALL, FLOATS, NUMBERS, Row, Sample, bad_type, bad_value, case

X = Sample((2, 3))
RANKS = (case("matrix", x=X), case("scalar", x=Sample(())), case("none", x=Sample((0, 2))))


def _constant(value: Any, dtype: Any = None, shape: Any = None) -> Any:
    array = np.asarray(value, dtype)
    if shape is None:
        return array
    return np.full(shape, array.item()) if array.size == 1 else array.reshape(shape)


def _arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    numbers = np.arange(max(start, 0)) if stop is None else np.arange(start, stop, step)
    return numbers if dtype == "int32" else numbers.astype(dtype)


def _int32(_: str) -> str:
    return "int32"


ROWS = (
    Row(
        "shape",
        RANKS,
        lambda x: np.array(x.shape, "int32"),
        ALL,
        _int32,
    ),
    Row("size", RANKS, lambda x: np.int32(x.size), ALL, _int32, keras=False),
    Row(
        "reshape",
        (
            case("flat", x=X, shape=(6,)),
            case("left open", x=X, shape=(3, -1)),
            case("more axes", x=X, shape=[1, 2, -1, 1]),
            case("scalar", x=Sample((1, 1)), shape=()),
            case("by a tensor", x=Sample((2, 2)), shape=Sample((2,), 2, 2, "int32")),
            case("by a length", x=Sample((2, 2)), shape=(Sample((), 2, 2, "int32"), -1)),
            case("none, left open", x=Sample((0, 3)), shape=(-1, 3)),
        ),
        lambda x, shape: x.reshape(tuple(int(n) for n in shape)),
        ALL,
        differentiable=("x",),
        keras=False,
        refused=(
            bad_value("elements", "expected a shape that holds the elements of [2, 3]; got [4, 2]", x=X, shape=(4, 2)),
            bad_value(
                "left open", "expected a shape that holds the elements of [2, 3]; got [4, -1]", x=X, shape=(4, -1)
            ),
            bad_value("two open", "at most one of them -1; got [-1, -1]", x=X, shape=(-1, -1)),
            bad_value("negative", "expected lengths of 0 or more", x=X, shape=(-6,)),
            bad_type("text", "expected a shape", x=X, shape="flat"),
            bad_type("floats", "expected a length", x=X, shape=(2.0, 3)),
        ),
    ),
    # TensorFlow says what -1 stands for beside a length 0; numpy does not.
    Row(
        "reshape",
        (case("open beside none", x=Sample((0, 3)), shape=(0, -1)),),
        lambda x, shape: x,
        ALL,
        refused=(
            bad_value("open beside none", "expected a shape that holds the elements of [2, 3]", x=X, shape=(0, -1)),
        ),
    ),
    Row("flatten", RANKS, np.ravel, ALL, differentiable=("x",)),
    Row(
        "batch_flatten",
        (case("images", x=Sample((2, 3, 1, 2))), case("vector", x=Sample((3,))), *RANKS),
        lambda x: x.reshape(x.shape[0] if x.ndim else 1, math.prod(x.shape[1:])),
        ALL,
        differentiable=("x",),
    ),
    Row(
        "expand_dims",
        (
            case("last", x=X),
            case("first", x=X, axis=0),
            case("between", x=X, axis=-2),
            case("first, from the back", x=X, axis=-3),
            case("after the last", x=X, axis=2),
            case("scalar", x=Sample(()), axis=0),
        ),
        lambda x, axis=-1: np.expand_dims(x, axis),
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("outside", "expected an axis in [-3, 3); got 3", x=X, axis=3),
            bad_value("outside, from the back", "expected an axis in [-3, 3); got -4", x=X, axis=-4),
            bad_type("none", "expected an integer", x=X, axis=None),
            bad_type("fraction", "expected an integer", x=X, axis=0.5),
        ),
    ),
    Row(
        "squeeze",
        (
            case("first", x=Sample((1, 3)), axis=0),
            case("from the back", x=Sample((2, 1, 1)), axis=-1),
            case("to a scalar", x=Sample((1,)), axis=0),
        ),
        np.squeeze,
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("length", "expected axis 1 to be of length 1; got [2, 3]", x=X, axis=1),
            bad_value("outside", "expected an axis in [-2, 2); got 2", x=Sample((1, 1)), axis=2),
            bad_value("scalar", "expected an axis", x=Sample(()), axis=0),
            bad_type("list", "expected an integer", x=Sample((1, 1)), axis=[0, 1]),
        ),
    ),
    Row(
        "stack",
        (
            case("first", x=[X, X]),
            case("last", x=[X, X, X], axis=-1),
            case("between", x=[X, X], axis=1),
            case("first, from the back", x=[X, X], axis=-3),
            case("one", x=[X]),
            case("scalars", x=[Sample(()), Sample(())]),
        ),
        lambda x, axis=0: np.stack(x, axis),
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("empty", "expected at least one tensor", x=[]),
            bad_value("axis", "expected an axis in [-3, 3); got 3", x=[X, X], axis=3),
            bad_value("shapes", "expected equal shapes; got [2, 3] and [3, 3]", x=[X, Sample((3, 3))]),
            bad_value("broadcast", "expected equal shapes", x=[X, Sample((1, 3))]),
            bad_type("dtypes", "K.cast", x=[X, Sample((2, 3), dtype="int32")]),
        ),
    ),
    Row(
        "concatenate",
        (
            case("last", tensors=[X, Sample((2, 1)), X]),
            case("first", tensors=[X, Sample((4, 3))], axis=0),
            case("one", tensors=[X]),
            case("rank 3", tensors=[Sample((2, 1, 3)), Sample((2, 2, 3))], axis=-2),
            case("round again", tensors=[X, X], axis=-4),
        ),
        lambda tensors, axis=-1: np.concatenate(tensors, axis % tensors[0].ndim if axis < 0 else axis),
        ALL,
        differentiable=("tensors",),
        refused=(
            bad_value("empty", "expected at least one tensor", tensors=[]),
            bad_value("axis", "expected an axis in [-2, 2); got 2", tensors=[X, X], axis=2),
            bad_value(
                "lengths",
                "expected shapes equal in every length but that of axis -1; got [2, 3], [3, 3]",
                tensors=[X, Sample((3, 3))],
            ),
            bad_value("ranks", "expected shapes equal", tensors=[X, Sample((2, 3, 1))]),
            bad_type("dtypes", "K.cast", tensors=[X, Sample((2, 3), dtype="int32")]),
        ),
    ),
    Row(
        "zeros_like",
        (*RANKS, case("integers", x=X, dtype="int32")),
        lambda x, dtype=None: np.zeros_like(x, dtype),
        ALL,
        refused=(bad_type("dtype", "expected a dtype", x=X, dtype="floaty"),),
    ),
    Row(
        "ones_like",
        (*RANKS, case("integers", x=X, dtype="int32")),
        lambda x, dtype=None: np.ones_like(x, dtype),
        ALL,
        refused=(bad_type("text", "expected ones of", x=X, dtype="string"),),
    ),
    Row("identity", RANKS, lambda x: x, ALL, differentiable=("x",), keras=False),
    Row(
        "cast",
        (
            case("half", x=X, dtype="float16"),
            case("integers", x=X, dtype="int32"),
            case("bool", x=X, dtype="bool"),
            case("wide", x=X, dtype="float64"),
        ),
        lambda x, dtype: x.astype(dtype),
        ALL,
        refused=(
            bad_type("text", "expected a value that can be cast to string; got float32[2, 3]", x=X, dtype="string"),
        ),
    ),
    Row(
        "arange",
        (
            case("to", start=5),
            case("from, to", start=2, stop=7),
            case("steps", start=1, stop=10, step=4),
            case("downwards", start=10, stop=1, step=-3),
            case("nothing", start=3, stop=3),
            case("to before 0", start=-5),
            case("floats", start=5, dtype="float32"),
            case("bool", start=3, dtype="bool"),
            case("wide", start=0, stop=3, dtype="int64"),
        ),
        _arange,
        ("int32",),
        refused=(
            bad_value("no step", "expected a step, other than 0", start=1, stop=5, step=0),
            bad_value("away", "expected a step, other than 0, that leads from 5 to 1", start=5, stop=1),
            bad_value("endless", "expected finite bounds", start=0.0, stop=float("inf")),
            bad_value("vector", "expected start, stop and step of rank 0", start=0, stop=Sample((2,))),
            bad_type("bool", "expected a number or a tensor of rank 0", start=True),
            bad_type("list", "expected a number or a tensor of rank 0", start=[5]),
            bad_type("short integers", "expected bounds of int32", start=Sample((), 1, 5, "int8")),
            bad_type("text", "expected a value that can be cast to string", start=3, dtype="string"),
        ),
    ),
    Row(
        "arange",
        (
            case("fraction", start=5.5),
            case("fractions", start=0.25, stop=2.5, step=0.75),
            case("one fraction", start=0, stop=2, step=0.5),
            case("downwards", start=1, stop=-1.0, step=-0.5),
        ),
        _arange,
        ("float32",),
    ),
    Row(
        "arange",
        (case("long", start=2**31, stop=2**31 + 3), case("long step", start=0, stop=5, step=2**40)),
        _arange,
        ("int64",),
    ),
    Row(
        "one_hot",
        (
            case("vector", indices=Sample((5,), 0, 3, "int32"), num_classes=4),
            case("matrix", indices=Sample((2, 3), 0, 3, "int64"), num_classes=4),
            case("scalar", indices=Sample((), 0, 3, "int32"), num_classes=4),
            case("bytes", indices=Sample((3,), 0, 3, "uint8"), num_classes=4),
            case("outside", indices=Sample((9,), -3, 5, "int32"), num_classes=2),
            case("list", indices=[0, 2, 1], num_classes=3),
            case("no indices", indices=Sample((0, 2), 0, 3, "int32"), num_classes=3),
            case("no classes", indices=Sample((2,), 0, 3, "int32"), num_classes=0),
        ),
        lambda indices, num_classes: (np.asarray(indices)[..., None] == np.arange(num_classes)).astype("float32"),
        ("float32",),
        refused=(
            bad_value("negative", "expected num_classes from 0", indices=[0], num_classes=-1),
            bad_value("long", "expected num_classes from 0 to 2**31 - 1", indices=[0], num_classes=2**40),
            bad_type("vector", "expected num_classes to", indices=[0], num_classes=Sample((1,), 1, 2, "int32")),
            bad_type("fraction", "expected an integer", indices=[0], num_classes=2.0),
            bad_type("floats", "expected indices of an integer dtype", indices=Sample((2,)), num_classes=3),
            bad_type("listed floats", "expected indices of an integer dtype", indices=[0.5], num_classes=3),
        ),
    ),
    Row("to_dense", (case("dense", tensor=X),), lambda tensor: tensor, ALL, differentiable=("tensor",)),
    Row("stop_gradient", (case("matrix", variables=X),), lambda variables: variables, FLOATS),
    Row(
        "constant",
        (
            case("list", value=[[1, 2], [3, 4]], dtype="float64"),
            case("number", value=2.5, dtype="float32"),
            case("filled", value=3, dtype="int32", shape=(2, 2)),
            case("arranged", value=[1, 2, 3, 4], dtype="float64", shape=(2, 2)),
            case("array", value=Sample((2, 3)), dtype="float64"),
            case("exact", value=[0.1], dtype="float64"),
        ),
        _constant,
        NUMBERS,
        keras=False,
        refused=(
            bad_value("negative", "expected lengths of 0 or more", value=1, shape=(2, -1)),
            bad_type("fractions", "expected numbers that int32 holds; got floats", value=[1.5], dtype="int32"),
            bad_type("bool", "expected numbers that bool holds; got integers", value=[1, 0], dtype="bool"),
            bad_type("elements", "expected a shape that holds 3 elements; got [2, 2]", value=[1, 2, 3], shape=(2, 2)),
            bad_type("text", "expected a value that can be cast to float32", value="a", dtype="float32"),
            bad_type("dtype", "expected a dtype", value=1, dtype="floaty"),
        ),
    ),
)
