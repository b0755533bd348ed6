"""Normalization, and the bias of a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .row import NUMBERS, Row, Sample, bad_type, bad_value, case

X, IMAGE = Sample((3, 4)), Sample((2, 3, 5, 4))
ROW, POSITIVE = Sample((4,)), Sample((4,), 0.5, 2.0)
FIRST, FIRST_POSITIVE = Sample((3,)), Sample((3,), 0.5, 2.0)
INTEGERS = Sample((3, 4), dtype="int32")


def _batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 0.001
) -> Any:
    lengths = [1] * x.ndim
    if x.ndim == 4 and axis in (1, 3, -3, -1):
        lengths[axis] = -1
        mean, var, beta, gamma = (None if one is None else one.reshape(lengths) for one in (mean, var, beta, gamma))
    return (x - mean) / np.sqrt(var + epsilon) * (1 if gamma is None else gamma) + (0 if beta is None else beta)


def _l2_normalize(x: Any, axis: Any = None) -> Any:
    squares = np.sum(x**2, tuple(axis) if isinstance(axis, list) else axis, keepdims=True)
    return x / np.sqrt(np.maximum(squares, 1e-12))


def _bias_add(x: Any, bias: Any, data_format: str = "channels_last") -> Any:
    if data_format == "channels_last":
        return x + bias
    if bias.ndim == 1:
        return x + bias.reshape(-1, *(1,) * (x.ndim - 2))
    return x + bias.reshape(bias.shape[-1:] + bias.shape[:-1])


ROWS = (
    Row(
        "batch_normalization",
        (
            case("matrix", x=X, mean=ROW, var=POSITIVE, beta=ROW, gamma=ROW),
            case("neither", x=X, mean=ROW, var=POSITIVE, beta=None, gamma=None),
            case("beta", x=X, mean=ROW, var=POSITIVE, beta=ROW, gamma=None),
            case("gamma", x=X, mean=ROW, var=POSITIVE, beta=None, gamma=ROW, epsilon=0.1),
            case("kept axes", x=X, mean=Sample((1, 4)), var=Sample((3, 1), 0.5, 2), beta=ROW, gamma=Sample(())),
            case("sequences", x=Sample((2, 3, 4)), mean=ROW, var=POSITIVE, beta=ROW, gamma=ROW),
            case("sequences, axis", x=Sample((2, 3, 4)), mean=ROW, var=POSITIVE, beta=ROW, gamma=ROW, axis=1),
        ),
        _batch_normalization,
        differentiable=("x", "mean", "var", "beta", "gamma"),
        refused=(
            bad_value("mean", "broadcast", x=X, mean=FIRST, var=POSITIVE, beta=None, gamma=None),
            bad_value("larger", "expected var that broadcasts", x=ROW, mean=ROW, var=X, beta=None, gamma=None),
            bad_value("channels", "expected mean of 4 elements", x=IMAGE, mean=FIRST, var=ROW, beta=None, gamma=None),
            bad_type("integers", "expected x of a float", x=INTEGERS, mean=ROW, var=ROW, beta=None, gamma=None),
            bad_type("dtypes", "one dtype", x=X, mean=ROW, var=Sample((4,), dtype="float64"), beta=None, gamma=None),
        ),
    ),
    # Keras has a kernel for images, of short floats alone.
    Row(
        "batch_normalization",
        (
            case("images", x=IMAGE, mean=ROW, var=POSITIVE, beta=ROW, gamma=ROW),
            case("images, last", x=IMAGE, mean=ROW, var=POSITIVE, beta=ROW, gamma=ROW, axis=3),
            case("kept axes", x=IMAGE, mean=Sample((1, 1, 1, 4)), var=POSITIVE, beta=ROW, gamma=None),
        ),
        _batch_normalization,
        ("float32",),
        differentiable=("x", "mean", "var", "beta", "gamma"),
    ),
    Row(
        "batch_normalization",
        (
            case("images", x=IMAGE, mean=ROW, var=POSITIVE, beta=ROW, gamma=ROW),
            case("channels first", x=IMAGE, mean=FIRST, var=FIRST_POSITIVE, beta=FIRST, gamma=FIRST, axis=1),
            case("first, from the back", x=IMAGE, mean=FIRST, var=FIRST_POSITIVE, beta=None, gamma=None, axis=-3),
            case(
                "first, kept axes",
                x=IMAGE,
                mean=Sample((1, 3, 1, 1)),
                var=FIRST_POSITIVE,
                beta=None,
                gamma=None,
                axis=1,
            ),
        ),
        _batch_normalization,
        differentiable=("x", "mean", "var", "beta", "gamma"),
        keras=False,
    ),
    Row(
        "l2_normalize",
        (
            case("all", x=X),
            case("last", x=X, axis=-1),
            case("first", x=X, axis=0),
            case("two", x=Sample((2, 3, 4)), axis=[0, -1]),
            case("vector", x=Sample((5,))),
            case("scalar", x=Sample((), 0.5, 2)),
        ),
        _l2_normalize,
        differentiable=("x",),
        refused=(
            bad_value("axis", "expected an axis in [-2, 2); got 2", x=X, axis=2),
            bad_type("integers", "expected x of a float or complex dtype", x=INTEGERS),
        ),
    ),
    Row(
        "bias_add",
        (
            case("matrix", x=X, bias=ROW),
            case("images", x=IMAGE, bias=ROW),
            case("sequences, first", x=Sample((2, 3, 4)), bias=FIRST, data_format="channels_first"),
            case("images, first", x=IMAGE, bias=FIRST, data_format="channels_first"),
            case("volumes", x=Sample((2, 3, 2, 2, 4)), bias=ROW),
            case("volumes, first", x=Sample((2, 3, 2, 2, 4)), bias=FIRST, data_format="channels_first"),
            case("each element", x=IMAGE, bias=Sample((3, 5, 4))),
            case("each element, first", x=IMAGE, bias=Sample((5, 4, 3)), data_format="channels_first"),
            case("each step", x=Sample((2, 3, 4)), bias=Sample((3, 4))),
            case("each step, first", x=Sample((2, 3, 4)), bias=Sample((4, 3)), data_format="channels_first"),
        ),
        _bias_add,
        NUMBERS,
        differentiable=("x", "bias"),
        refused=(
            bad_value("rank", "expected bias of rank 1 or 3", x=IMAGE, bias=Sample((5, 4))),
            bad_value("channels", "expected bias of 4 elements", x=X, bias=FIRST),
            bad_value("scalar", "expected x of rank 2 or more", x=Sample((4,)), bias=ROW),
            bad_value("data_format", "expected data_format", x=X, bias=ROW, data_format="channels_middle"),
            bad_type("dtypes", "expected tensors of one dtype", x=X, bias=Sample((4,), dtype="float64")),
        ),
    ),
    # TensorFlow's op has no such format for a matrix.
    Row(
        "bias_add",
        (case("matrix, first", x=X, bias=ROW, data_format="channels_first"),),
        _bias_add,
        NUMBERS,
        differentiable=("x", "bias"),
        keras=False,
    ),
)
