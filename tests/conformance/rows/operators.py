"""Python's operators, comparisons and indexing."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .row import ALL, FLOATS, NUMBERS, Case, Row, Sample, bad_type, bad_value, case

X, Y = Sample((3, 4)), Sample((3, 4), 0.5, 3.0)
BOOLS = ("bool", "int32")
OTHER_DTYPE = bad_type("dtypes", "K.cast", x=X, y=Sample((3, 4), dtype="float64"))
OTHER_SHAPE = bad_value("shapes", "expected shapes that broadcast; got [3, 4] and [3, 5]", x=X, y=Sample((3, 5)))
TEXT = bad_type("text", "expected x of", x=Sample((2,), dtype="bool"), y=Sample((2,), dtype="bool"))


def _pairs(x: Sample, y: Sample) -> tuple[Case, ...]:
    def of(sample: Sample, *shape: int) -> Sample:
        return Sample(shape, sample.low, sample.high)

    return (
        case("same", x=x, y=y),
        case("rows", x=x, y=of(y, 4)),
        case("outer", x=of(x, 3, 1), y=of(y, 1, 4)),
        case("scalar tensor", x=of(x), y=y),
        case("longer right", x=of(x, 4), y=of(y, 2, 3, 4)),
        case("number", x=x, y=2),
        case("number left", x=2, y=y),
        case("list", x=x, y=[1, 2, 3, 1]),
        case("empty", x=of(x, 0, 4), y=of(y, 4)),
    )


def _binary(name: str, reference: Callable[..., Any], dtypes: tuple[str, ...], **more: Any) -> Row:
    refused = (OTHER_DTYPE, OTHER_SHAPE, *more.pop("refused", ()))
    cases = more.pop("cases", None) or _pairs(X, Y)
    return Row(f"operator.{name}", cases, reference, dtypes, refused=refused, **more)


def _quotient(dtype: str) -> str:
    return "float64" if dtype == "int32" else dtype


BOTH = {"differentiable": ("x", "y")}
NO_BOOL = {"refused": (TEXT,)}
LOGIC = tuple(one for one in _pairs(X, Y) if not one.name.startswith(("number", "list")))
TRUTH: dict[str, Any] = {"result_dtype": lambda _: "bool"}
#: x is positive where its powers are to be real, and large enough for a stable quotient.
POWERS = (
    case("same", x=Y, y=X),
    case("rows", x=Y, y=Sample((4,))),
    case("number", x=Y, y=2),
    case("number left", x=2, y=X),
)
INTEGER_POWERS = (case("integers", x=Sample((3, 4), dtype="int32"), y=Sample((4,), 0, 3, dtype="int32")),)
BATCH = Sample((5, 2, 3))
IMAGE = Sample((3, 4, 5))
INDEX = Sample((), 0, 2, "int32")

ARITHMETIC = (
    _binary("add", operator.add, NUMBERS, **BOTH, **NO_BOOL),
    _binary("sub", operator.sub, NUMBERS, **BOTH, **NO_BOOL),
    _binary("mul", operator.mul, NUMBERS, **BOTH, **NO_BOOL),
    _binary("truediv", operator.truediv, NUMBERS, result_dtype=_quotient, **BOTH, **NO_BOOL),
    _binary("floordiv", operator.floordiv, NUMBERS, **NO_BOOL),
    _binary("mod", operator.mod, NUMBERS, **NO_BOOL),
    _binary("pow", operator.pow, FLOATS, cases=POWERS, **BOTH, **NO_BOOL),
    Row(
        "operator.matmul",
        (
            case("matrices", x=Sample((2, 3)), y=Sample((3, 4))),
            case("batch", x=BATCH, y=Sample((5, 3, 4))),
            case("broadcast batch", x=BATCH, y=Sample((3, 4))),
            case("outer batch", x=Sample((4, 1, 2, 3)), y=Sample((6, 3, 2))),
        ),
        operator.matmul,
        NUMBERS,
        differentiable=("x", "y"),
        refused=(
            bad_value("vector", "expected x and y of rank 2 or more; got [3] and [3, 4]", x=Sample((3,)), y=X),
            bad_value("inner", "expected the last length of x", x=X, y=X),
            bad_value("batches", "expected shapes that broadcast", x=BATCH, y=Sample((4, 3, 2))),
            bad_type("dtypes", "K.cast", x=X, y=Sample((4, 3), dtype="float64")),
            bad_type("bool", "expected x of", x=Sample((2, 2), dtype="bool"), y=Sample((2, 2), dtype="bool")),
        ),
    ),
    Row(
        "operator.neg",
        (case("matrix", x=X),),
        operator.neg,
        NUMBERS,
        differentiable=("x",),
        refused=(bad_type("unsigned", "expected x of", x=Sample((2,), 0, dtype="uint8")),),
    ),
    Row(
        "operator.absolute",
        (case("matrix", x=X),),
        np.abs,
        NUMBERS,
        differentiable=("x",),
        refused=(bad_type("bool", "expected x of", x=Sample((2,), dtype="bool")),),
    ),
)

COMPARISONS = (
    Row(
        "equal",
        (*_pairs(X, X), case("integers", x=Sample((3, 4), dtype="int32"), y=Sample((3, 4), dtype="int32"))),
        np.equal,
        NUMBERS,
        refused=(OTHER_DTYPE, OTHER_SHAPE),
        keras=False,
        **TRUTH,
    ),
    Row("equal", LOGIC, np.equal, ("bool",)),
    Row("not_equal", _pairs(X, X), np.not_equal, NUMBERS, refused=(OTHER_DTYPE, OTHER_SHAPE), keras=False, **TRUTH),
    Row("not_equal", LOGIC, np.not_equal, ("bool",)),
    _binary("lt", operator.lt, NUMBERS, **TRUTH, **NO_BOOL),
    _binary("le", operator.le, NUMBERS, **TRUTH, **NO_BOOL),
    _binary("gt", operator.gt, NUMBERS, **TRUTH, **NO_BOOL),
    _binary("ge", operator.ge, NUMBERS, **TRUTH, **NO_BOOL),
    *(
        Row(name, _pairs(X, X), function, NUMBERS, refused=(OTHER_DTYPE, OTHER_SHAPE, TEXT), keras=False, **TRUTH)
        for name, function in (
            ("less", np.less),
            ("less_equal", np.less_equal),
            ("greater", np.greater),
            ("greater_equal", np.greater_equal),
        )
    ),
)

_FLOATING = (bad_type("floats", "expected x of bool or an integer dtype; got float32[3, 4]", x=X, y=X),)
LOGICAL = (
    Row("operator.and_", LOGIC, operator.and_, BOOLS, refused=_FLOATING),
    Row("operator.or_", LOGIC, operator.or_, BOOLS, refused=_FLOATING),
    Row("operator.xor", LOGIC, operator.xor, BOOLS, refused=_FLOATING),
    Row(
        "operator.invert",
        (case("matrix", x=X),),
        operator.invert,
        BOOLS,
        refused=(bad_type("floats", "expected x of", x=X),),
    ),
)

INDEXES: tuple[tuple[str, Any], ...] = (
    ("integer", 1),
    ("from the back", -1),
    ("slice", slice(1, None)),
    ("steps", (slice(None, None, 2), slice(None, 1, -1))),
    ("past the end", slice(2, 99)),
    ("none left", slice(2, 1)),
    ("ellipsis", (Ellipsis, 0)),
    ("in the middle", (0, Ellipsis, slice(1, 3))),
    ("new axes", (None, slice(None), None, 2)),
    ("each", (1, -1, 0)),
    ("nothing", ()),
    ("scalar tensor", INDEX),
    ("scalar tensors", (INDEX, slice(None), INDEX)),
    ("slice by tensor", slice(INDEX, None)),
    ("rows", Sample((4,), -3, 2, "int32")),
    ("matrix of rows", Sample((2, 2), 0, 2, "int64")),
    ("rows, then a slice", (Sample((4,), 0, 2, "int32"), slice(1, 3))),
    ("rows, then an integer", (Sample((4,), 0, 2, "int32"), 2)),
    ("mask", Sample((3, 4, 5), dtype="bool")),
    ("mask of rows", Sample((3,), dtype="bool")),
)
INDEXING = (
    Row(
        "operator.getitem",
        tuple(case(name, x=IMAGE, index=index) for name, index in INDEXES),
        lambda x, index: x[index],
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("outside", "index 3 is out of bounds for axis 0 with length 3", x=IMAGE, index=3),
            bad_value(
                "outside, from the back", "index -5 is out of bounds for axis 1 with length 4", x=IMAGE, index=(0, -5)
            ),
            bad_value(
                "too many", "expected at most 3 indices for a tensor of rank 3; got 4", x=IMAGE, index=(0, 0, 0, 0)
            ),
            bad_value("two ellipses", "expected at most one ellipsis", x=IMAGE, index=(Ellipsis, Ellipsis)),
            bad_value("no step", "expected a slice step other than 0", x=IMAGE, index=slice(None, None, 0)),
            bad_value("mask", "expected a mask whose shape begins", x=IMAGE, index=Sample((4,), dtype="bool")),
            bad_type("text", "expected an integer, slice", x=IMAGE, index="first"),
            bad_type("float tensor", "expected indices of integers or bool", x=IMAGE, index=Sample((2,))),
            bad_type("tensor in the middle", "scalar integer tensor", x=IMAGE, index=(0, Sample((2,), 0, 1, "int32"))),
        ),
    ),
)

ROWS = (*ARITHMETIC, Row("operator.pow", INTEGER_POWERS, operator.pow, ("int32",)), *COMPARISONS, *LOGICAL, *INDEXING)
