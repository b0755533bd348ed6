"""Elements in another order, repeated, or some of them, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from .row import ALL, Row, Sample, bad_type, bad_value, case

X, CUBE, SCALAR, EMPTY = Sample((2, 3)), Sample((2, 3, 4)), Sample(()), Sample((0, 3))


def _integers(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in np.atleast_1d(np.asarray(values, "int64")))


def _integer(value: int) -> Sample:
    """A scalar tensor of one value."""
    return Sample((), value, value, "int32")


def _permuted(x: Any, pattern: Any) -> Any:
    return np.transpose(x, pattern if pattern is None else _integers(pattern))


def _tiled(x: Any, n: Any) -> Any:
    return np.tile(x, _integers(n))


def _sliced(x: Any, start: Any, size: Any) -> Any:
    places = zip(_integers(start), _integers(size), x.shape, strict=True)
    return x[tuple(slice(first, length if count == -1 else first + count) for first, count, length in places)]


ROWS = (
    Row(
        "permute_dimensions",
        (
            case("cube", x=CUBE, pattern=(2, 0, 1)),
            case("from the back", x=CUBE, pattern=[-1, 0, -2]),
            case("reversed", x=CUBE, pattern=None),
            case("scalar", x=SCALAR, pattern=()),
            case("empty", x=EMPTY, pattern=(1, 0)),
            case("by a tensor", x=Sample((2,)), pattern=Sample((1,), 0, 0, "int32")),
        ),
        _permuted,
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("too few", "expected a pattern of the 2 axes of [2, 3]; got [0]", x=X, pattern=(0,)),
            bad_value("twice", "expected each axis once", x=X, pattern=(0, 0)),
            bad_value("twice, from the back", "expected each axis once", x=X, pattern=(0, -2)),
            bad_value("outside", "expected an axis in [-2, 2); got 2", x=X, pattern=(0, 2)),
            bad_type("fraction", "expected an integer", x=X, pattern=(0, 1.5)),
            bad_type("unknown", "expected an integer", x=X, pattern=(0, None)),
        ),
    ),
    Row(
        "repeat",
        (
            case("twice", x=X, n=2),
            case("never", x=X, n=0),
            case("empty", x=EMPTY, n=3),
            case("by a tensor", x=X, n=_integer(3)),
        ),
        lambda x, n: np.repeat(x[:, np.newaxis], int(n), 1),
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("rank", "expected x of rank 2; got float32[2, 3, 4]", x=CUBE, n=2),
            bad_value("negative", "expected a count of 0 or more; got -1", x=X, n=-1),
            bad_type("two", "expected an integer, or a scalar tensor of one", x=X, n=(2, 2)),
            bad_type("fraction", "expected an integer, or a scalar tensor of one", x=X, n=2.5),
        ),
    ),
    Row(
        "repeat_elements",
        (
            case("rows", x=X, rep=2, axis=0),
            case("columns", x=X, rep=3, axis=1),
            case("from the back", x=CUBE, rep=2, axis=-2),
            case("last", x=CUBE, rep=2, axis=-1),
            case("once", x=X, rep=1, axis=0),
        ),
        np.repeat,
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("axis", "expected an axis in [-2, 2); got 2", x=X, rep=2, axis=2),
            bad_value("scalar", "expected an axis", x=SCALAR, rep=2, axis=0),
            bad_value("negative", "expected a count of 0 or more; got -1", x=X, rep=-1, axis=0),
            bad_type("fraction", "expected an integer", x=X, rep=1.5, axis=0),
        ),
    ),
    # The references join what they took apart, and cannot join nothing.
    Row(
        "repeat_elements",
        (case("never", x=X, rep=0, axis=1), case("empty", x=EMPTY, rep=2, axis=0)),
        np.repeat,
        ALL,
        keras=False,
    ),
    Row(
        "reverse",
        (
            case("one", x=X, axes=1),
            case("from the back", x=CUBE, axes=-2),
            case("two", x=CUBE, axes=(0, 2)),
            case("list", x=CUBE, axes=[1]),
            case("none", x=X, axes=()),
            case("empty", x=EMPTY, axes=0),
        ),
        np.flip,
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("outside", "expected an axis in [-2, 2); got 2", x=X, axes=2),
            bad_value("twice", "expected each axis once", x=X, axes=[0, -2]),
            bad_type("fraction", "expected integers", x=X, axes=0.5),
        ),
    ),
    Row(
        "slice",
        (
            case("part", x=X, start=(0, 1), size=(2, 2)),
            case("the rest", x=CUBE, start=[1, 0, 2], size=[-1, 2, -1]),
            case("nothing", x=X, start=(2, 0), size=(0, 3)),
            case("nothing left", x=X, start=(2, 3), size=(-1, -1)),
            case("scalar", x=SCALAR, start=(), size=()),
            case("by a tensor", x=X, start=Sample((2,), 1, 1, "int32"), size=Sample((2,), 1, 1, "int64")),
            case("by a place", x=X, start=(_integer(1), 0), size=(-1, _integer(2))),
        ),
        _sliced,
        ALL,
        differentiable=("x",),
        keras=False,
        refused=(
            bad_value(
                "too few", "a start and a size for each axis of [2, 3]; got 2 and 1", x=X, start=(0, 0), size=(1,)
            ),
            bad_value("outside", "expected a start within axis 1 of length 3; got 4", x=X, start=(0, 4), size=(1, 0)),
            bad_value("negative", "expected a start within axis 0", x=X, start=(-1, 0), size=(1, 1)),
            bad_value(
                "too long",
                "expected a size within what axis 1, of length 3, has from 1",
                x=X,
                start=(0, 1),
                size=(1, 3),
            ),
            bad_value("negative size", "or -1 for all of it; got -2", x=X, start=(0, 1), size=(1, -2)),
            bad_type("fraction", "expected an integer", x=X, start=(0.5, 0), size=(1, 1)),
        ),
    ),
    Row(
        "tile",
        (
            case("both", x=X, n=(2, 3)),
            case("list", x=X, n=[1, 2]),
            case("vector", x=Sample((3,)), n=2),
            case("never", x=X, n=(2, 0)),
            case("scalar", x=SCALAR, n=()),
            case("empty", x=EMPTY, n=(2, 2)),
            case("nine axes", x=Sample((2, 1, 1, 2, 1, 1, 3, 1, 2)), n=(1, 2, 1, 2, 1, 1, 1, 3, 2)),
            case("by a tensor", x=X, n=Sample((2,), 2, 2, "int32")),
            case("by a count", x=X, n=[_integer(2), 1]),
        ),
        _tiled,
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("too many", "expected a count for each axis of [2, 3], or for the last", x=X, n=(1, 1, 1)),
            bad_value("scalar", "expected a count for each axis of []", x=SCALAR, n=2),
            bad_value("negative", "expected counts of 0 or more; got [1, -1]", x=X, n=(1, -1)),
            bad_type("fraction", "expected an integer", x=X, n=(1, 1.5)),
            bad_type("text", "expected integers", x=X, n="2"),
        ),
    ),
    # tf_keras wants a count for each axis.
    Row(
        "tile",
        (
            case("the last", x=X, n=2),
            case("the last two", x=CUBE, n=(2, 3)),
            case("by a shorter tensor", x=CUBE, n=Sample((1,), 2, 2, "int64")),
        ),
        _tiled,
        ALL,
        differentiable=("x",),
        keras=False,
    ),
)
