"""Products, transposition, rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .row import ALL, NUMBERS, Row, Sample, bad_type, bad_value, case

X, Y = Sample((2, 3)), Sample((3, 4))
OTHER_DTYPE = bad_type("dtypes", 'K.cast(x, "float32")', x=X, y=Sample((3, 4), dtype="float64"))


def _batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """Sample by sample, as the reference page says it."""
    if axes is None:
        axes = (x.ndim - 1, y.ndim - 1 if y.ndim == 2 else y.ndim - 2)
    x_axis, y_axis = (axes, axes) if isinstance(axes, int) else axes
    x_axis, y_axis = x_axis % x.ndim - 1, y_axis % y.ndim - 1
    each = np.array([np.tensordot(one, other, (x_axis, y_axis)) for one, other in zip(x, y, strict=True)], x.dtype)
    return each.reshape(-1, 1) if each.ndim == 1 else each


ROWS = (
    Row(
        "dot",
        (
            case("matrices", x=X, y=Y),
            case("theano", x=X, y=Sample((4, 3, 5))),
            case("batch by matrix", x=Sample((4, 2, 3)), y=Y),
            case("ranks 3 and 4", x=Sample((2, 4, 3)), y=Sample((2, 2, 3, 5))),
            case("one row", x=Sample((1, 3)), y=Sample((3, 1))),
            case("vector by rank 3", x=Sample((3,)), y=Sample((2, 3, 5))),
        ),
        np.dot,
        NUMBERS,
        differentiable=("x", "y"),
        refused=(
            bad_value(
                "inner",
                "expected the last length of x to equal the second-to-last of y; got [2, 3] and [2, 3]",
                x=X,
                y=X,
            ),
            bad_value("vector", "expected x and y of rank 2 or more; got [3] and [3, 4]", x=Sample((3,)), y=Y),
            bad_type("bool", "expected x of", x=Sample((2, 3), dtype="bool"), y=Sample((3, 4), dtype="bool")),
            OTHER_DTYPE,
        ),
    ),
    Row(
        "batch_dot",
        (
            case("diagonal", x=X, y=X, axes=1),
            case("default, matrices", x=X, y=X),
            case("default", x=Sample((2, 4, 3)), y=Sample((2, 3, 5))),
            case("default, y a matrix", x=Sample((2, 4, 3)), y=X),
            case("page", x=Sample((5, 6)), y=Sample((5, 3, 6)), axes=(1, 2)),
            case("one column", x=Sample((4, 5, 1)), y=Sample((4, 3, 5)), axes=(1, 2)),
            case("negative", x=Sample((4, 5, 2)), y=Sample((4, 3, 5)), axes=(-2, -1)),
            case("one axis for both", x=Sample((4, 5, 2)), y=Sample((4, 5, 3)), axes=1),
            case("rank 4", x=Sample((2, 3, 4, 5)), y=Sample((2, 5, 3)), axes=(3, 1)),
            case("middle of rank 4", x=Sample((2, 3, 4, 2)), y=Sample((2, 5, 4, 2)), axes=2),
        ),
        _batch_dot,
        NUMBERS,
        differentiable=("x", "y"),
        refused=(
            bad_value("vector", "expected x and y of rank 2 or more", x=Sample((3,)), y=Y),
            bad_value("the batch", "expected axes other than the batch, axis 0; got 0", x=X, y=X, axes=0),
            bad_value("batches", "expected equal batch lengths; got 2 and 3", x=X, y=Sample((3, 3)), axes=1),
            bad_value("summed", "expected equal summed lengths; got 3 and 4", x=X, y=Sample((2, 4)), axes=1),
            bad_value("beyond", "expected an axis in [-2, 2); got 2", x=X, y=X, axes=(2, 1)),
            bad_value("three", "expected one axis, or one of x and one of y", x=X, y=X, axes=(1, 1, 1)),
            bad_value("nested", "got lists inside one", x=X, y=X, axes=((1,), 1)),
            bad_type("dtypes", "K.cast", x=X, y=Sample((2, 3), dtype="float64")),
        ),
    ),
    Row("batch_dot", (case("short integers", x=X, y=X, axes=1),), _batch_dot, ("int16",)),
    Row(
        "transpose",
        (
            case("matrix", x=X),
            case("rank 3", x=Sample((2, 3, 4))),
            case("vector", x=Sample((3,))),
            case("scalar", x=Sample(())),
        ),
        np.transpose,
        ALL,
        differentiable=("x",),
    ),
    Row(
        "gather",
        (
            case("rows", reference=Sample((4, 3)), indices=Sample((5,), 0, 3, "int32")),
            case("matrix", reference=Sample((4, 3)), indices=Sample((2, 2), 0, 3, "int64")),
            case("one", reference=Sample((4, 3)), indices=Sample((), 0, 3, "int32")),
            case("list", reference=Sample((4,)), indices=[2, 0]),
            case("bytes", reference=Sample((4, 2)), indices=Sample((3,), 0, 3, "uint8")),
        ),
        lambda reference, indices: reference[indices],
        ALL,
        differentiable=("reference",),
        keras=False,
        refused=(
            bad_type(
                "floats", "expected indices of an integer dtype; got float32[2]", reference=X, indices=Sample((2,))
            ),
            bad_type("listed floats", "expected indices of an integer dtype", reference=X, indices=[0.5]),
            bad_value("scalar", "expected reference of rank 1 or more", reference=Sample(()), indices=[0]),
            bad_value("outside", "not in [0, 2)", reference=X, indices=[2]),
        ),
    ),
)
