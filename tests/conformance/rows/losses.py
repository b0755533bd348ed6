"""Losses: cross entropies."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special

from .row import Row, Sample, bad_type, bad_value, case, kinked

LOGITS = Sample((3, 4))
PROBABILITIES = Sample((3, 4), 0.1, 0.9)
IMAGE = Sample((2, 3, 4), 0.1, 0.9)
#: Outside what is clipped, where central differences tell nothing.
CERTAIN = Sample((3, 4), 0.0, 1e-9)
EPSILON = 1e-7


def _clipped(output: Any) -> Any:
    return np.clip(output, EPSILON, 1 - EPSILON)


def _scaled(output: Any, axis: int) -> Any:
    return _clipped(output / output.sum(axis, keepdims=True))


def _binary(target: Any, output: Any, from_logits: bool = False) -> Any:
    if from_logits:
        return -(target * -np.logaddexp(0, -output) + (1 - target) * -np.logaddexp(0, output))
    output = _clipped(output)
    return -(target * np.log(output + EPSILON) + (1 - target) * np.log(1 - output + EPSILON))


def _binary_focal(
    target: Any,
    output: Any,
    apply_class_balancing: bool = False,
    alpha: Any = 0.25,
    gamma: Any = 2.0,
    from_logits: bool = False,
) -> Any:
    probability = scipy.special.expit(output) if from_logits else output
    right = target * probability + (1 - target) * (1 - probability)
    balance = target * alpha + (1 - target) * (1 - alpha) if apply_class_balancing else 1
    return balance * (1 - right) ** gamma * _binary(target, output, from_logits)


def _categorical(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    if from_logits:
        return -(target * scipy.special.log_softmax(output, axis)).sum(axis).astype(output.dtype)
    return -(target * np.log(_scaled(output, axis))).sum(axis)


def _categorical_focal(
    target: Any, output: Any, alpha: Any = 0.25, gamma: Any = 2.0, from_logits: bool = False, axis: int = -1
) -> Any:
    output = _scaled(scipy.special.softmax(output, axis) if from_logits else output, axis)
    return -(alpha * (1 - output) ** gamma * target * np.log(output)).sum(axis)


def _sparse(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1, ignore_class: int | None = None
) -> Any:
    logits = np.moveaxis(output if from_logits else np.log(_clipped(output)), axis % output.ndim, -1)
    classes = target.astype(int).reshape(logits.shape[:-1] or (-1,) * target.ndim)
    loss = np.zeros(classes.shape)
    for place, number in np.ndenumerate(classes):
        if number != ignore_class:
            loss[place] = -scipy.special.log_softmax(logits[place[: logits.ndim - 1]])[number]
    return loss


BINARY = (
    case("probabilities", target=PROBABILITIES, output=PROBABILITIES),
    kinked("certain", target=PROBABILITIES, output=CERTAIN),
    case("logits", target=PROBABILITIES, output=LOGITS, from_logits=True),
    case("far logits", target=PROBABILITIES, output=Sample((3, 4), -60, 60), from_logits=True),
    case("scalars", target=Sample((), 0.1, 0.9), output=Sample((), 0.1, 0.9)),
    case("spread", target=Sample((3, 1), 0.1, 0.9), output=Sample((4,), 0.1, 0.9)),
)
BINARY_REFUSED = (
    bad_value("shapes", "expected shapes that broadcast", target=LOGITS, output=Sample((3, 5))),
    bad_value("logits' shapes", "expected equal shapes", target=Sample((4,)), output=LOGITS, from_logits=True),
    bad_type("dtypes", "expected tensors of one dtype", target=Sample((3, 4), dtype="float64"), output=LOGITS),
    bad_type("integers", "expected target of a float dtype", target=Sample((3, 4), dtype="int32"), output=LOGITS),
    bad_type("from_logits", "expected a boolean", target=LOGITS, output=LOGITS, from_logits="no"),
)
CATEGORICAL = (
    case("probabilities", target=PROBABILITIES, output=PROBABILITIES),
    case("axis", target=PROBABILITIES, output=PROBABILITIES, axis=0),
    kinked("clipped", target=PROBABILITIES, output=CERTAIN),
    case("logits", target=PROBABILITIES, output=LOGITS, from_logits=True),
    case("logits, axis", target=PROBABILITIES, output=LOGITS, from_logits=True, axis=0),
    case("images", target=IMAGE, output=IMAGE, axis=1),
    case("images' logits", target=IMAGE, output=Sample((2, 3, 4), -9, 9), from_logits=True, axis=1),
    case("vector", target=Sample((4,), 0.1, 0.9), output=Sample((4,), 0.1, 0.9)),
)
CATEGORICAL_REFUSED = (
    bad_value("shapes", "expected equal shapes; got [3, 4] and [3, 5]", target=LOGITS, output=Sample((3, 5))),
    bad_value("axis", "expected an axis in [-2, 2); got 5", target=LOGITS, output=LOGITS, axis=5),
    bad_type("dtypes", "expected tensors of one dtype", target=Sample((3, 4), dtype="float64"), output=LOGITS),
    bad_type("integers", "expected target of a float dtype", target=Sample((3, 4), dtype="int32"), output=LOGITS),
)
NUMBERS = Sample((3,), 0, 3, "int32")
IMAGE_NUMBERS = Sample((2, 3), 0, 3, "int64")

ROWS = (
    Row("binary_crossentropy", BINARY, _binary, differentiable=("target", "output"), refused=BINARY_REFUSED),
    Row(
        "binary_focal_crossentropy",
        (
            *BINARY,
            case("gamma", target=PROBABILITIES, output=PROBABILITIES, gamma=0.5),
            case("no gamma", target=PROBABILITIES, output=PROBABILITIES, gamma=0),
            case("balanced", target=PROBABILITIES, output=PROBABILITIES, apply_class_balancing=True),
            case("balanced logits", target=PROBABILITIES, output=LOGITS, apply_class_balancing=True, from_logits=True),
            case("alpha", target=PROBABILITIES, output=PROBABILITIES, apply_class_balancing=True, alpha=0.9),
            case(
                "tensors",
                target=PROBABILITIES,
                output=PROBABILITIES,
                apply_class_balancing=True,
                alpha=Sample((4,), 0.1, 0.9),
                gamma=Sample((3, 1), 0.5, 2),
            ),
        ),
        _binary_focal,
        differentiable=("target", "output", "alpha", "gamma"),
        refused=(
            *BINARY_REFUSED,
            bad_value("gamma", "expected shapes that broadcast", target=LOGITS, output=LOGITS, gamma=[1.0, 2.0]),
        ),
    ),
    Row(
        "categorical_crossentropy",
        CATEGORICAL,
        _categorical,
        differentiable=("target", "output"),
        refused=CATEGORICAL_REFUSED,
    ),
    Row(
        "categorical_crossentropy",
        (case("whole targets", target=Sample((3, 4), 0, 1, "int32"), output=LOGITS, from_logits=True),),
        _categorical,
        differentiable=("output",),
    ),
    # TensorFlow's op counts no axis but the last from the back.
    Row(
        "categorical_crossentropy",
        (case("logits, axis from the back", target=IMAGE, output=IMAGE, from_logits=True, axis=-2),),
        _categorical,
        differentiable=("target", "output"),
        keras=False,
    ),
    Row(
        "categorical_focal_crossentropy",
        (
            *CATEGORICAL,
            case("alpha", target=PROBABILITIES, output=PROBABILITIES, alpha=0.5, gamma=1.5),
            case("alphas", target=PROBABILITIES, output=PROBABILITIES, alpha=[0.1, 0.2, 0.3, 0.4]),
            case("tensor", target=PROBABILITIES, output=PROBABILITIES, alpha=Sample((4,), 0.1, 0.9), gamma=0.5),
        ),
        _categorical_focal,
        differentiable=("target", "output", "alpha"),
        refused=(
            *CATEGORICAL_REFUSED,
            bad_value("alphas", "expected shapes that broadcast", target=LOGITS, output=LOGITS, alpha=[1.0, 2.0]),
        ),
    ),
    Row(
        "sparse_categorical_crossentropy",
        (
            case("probabilities", target=NUMBERS, output=PROBABILITIES),
            case("logits", target=NUMBERS, output=LOGITS, from_logits=True),
            case("float numbers", target=Sample((3,), 0, 3.9), output=PROBABILITIES),
            kinked("clipped", target=NUMBERS, output=CERTAIN),
            case("columns", target=Sample((3, 1), 0, 3, "int32"), output=PROBABILITIES),
            case("images", target=IMAGE_NUMBERS, output=IMAGE),
            case("images, axis", target=Sample((2, 4), 0, 2, "int32"), output=IMAGE, axis=1),
            case("images, first axis", target=Sample((3, 4), 0, 1, "int32"), output=IMAGE, axis=-3, from_logits=True),
            case("images' columns", target=Sample((2, 3, 1), 0, 3, "int32"), output=IMAGE),
            case("in order", target=Sample((6,), 0, 3, "int32"), output=IMAGE),
            case("axis modulo rank", target=NUMBERS, output=PROBABILITIES, axis=7),
            case("vector", target=Sample((), 0, 3, "int32"), output=Sample((4,), 0.1, 0.9)),
            case("vector, one number", target=Sample((1,), 0, 3, "int32"), output=Sample((4,), 0.1, 0.9)),
            case("ignored", target=NUMBERS, output=PROBABILITIES, ignore_class=1),
            case(
                "ignored outside", target=Sample((9,), -1, 3, "int32"), output=Sample((9, 4), 0.1, 1), ignore_class=-1
            ),
            case("ignored in images", target=IMAGE_NUMBERS, output=IMAGE, ignore_class=2, from_logits=True),
            case("ignored, in order", target=Sample((6,), 0, 3, "int32"), output=IMAGE, ignore_class=0),
        ),
        _sparse,
        differentiable=("output",),
        refused=(
            bad_value(
                "shapes",
                "expected target of shape [3]; got int32[4]",
                target=Sample((4,), 0, 3, "int32"),
                output=LOGITS,
            ),
            bad_value("count", "expected target of 3 classes", target=Sample((2, 2), 0, 3, "int32"), output=LOGITS),
            bad_value("scalar", "expected output of rank 1 or more", target=Sample(()), output=Sample(())),
            bad_type(
                "integers", "expected output of a float dtype", target=NUMBERS, output=Sample((3, 4), dtype="int32")
            ),
            bad_type("class", "expected an integer", target=NUMBERS, output=LOGITS, ignore_class=0.5),
        ),
    ),
)
