"""Connectionist temporal classification, against every way to spread labels over the steps."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from .row import Row, Sample, bad_type, bad_value, case

LABELS = Sample((3, 2), 0, 2, "int32")
SERIES = Sample((3, 5, 4), 0.05, 1.0)
STEPS, COUNTS = Sample((3, 1), 4, 5, "int32"), Sample((3, 1), 1, 2, "int32")


def scaled(series: Any) -> Any:
    """The probabilities of classes, which sum to 1, as K makes them of what it is given."""
    given = series.astype("float64") + 1e-7
    return given / given.sum(-1, keepdims=True)


def collapsed(path: Any, blank: int) -> tuple[int, ...]:
    """The labels of a class for each step."""
    return tuple(label for label, _ in itertools.groupby(path) if label != blank)


def probabilities(series: Any) -> dict[tuple[int, ...], float]:
    """The probability of each sequence of labels, from every path through the steps."""
    steps, classes = series.shape
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(classes), repeat=steps):
        labels = collapsed(path, classes - 1)
        found[labels] = found.get(labels, 0.0) + float(np.prod(series[np.arange(steps), list(path)]))
    return found


def _ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    costs = []
    for labels, series, steps, count in zip(y_true, scaled(y_pred), input_length, label_length, strict=True):
        found = probabilities(series[: int(steps[0])])
        costs.append([-np.log(found[tuple(int(label) for label in labels[: int(count[0])])])])
    return np.array(costs)


ROWS = (
    Row(
        "ctc_batch_cost",
        (
            case("integers", y_true=LABELS, y_pred=SERIES, input_length=STEPS, label_length=COUNTS),
            case(
                "floats",
                y_true=Sample((3, 2), 0, 2.9),
                y_pred=SERIES,
                input_length=Sample((3, 1), 4, 5.9),
                label_length=Sample((3, 1), 1, 2.9),
            ),
            case(
                "more labels than count",
                y_true=Sample((2, 9), 0, 2, "int64"),
                y_pred=Sample((2, 6, 4), 0.05, 1),
                input_length=Sample((2, 1), 5, 6, "int64"),
                label_length=Sample((2, 1), 1, 3, "int64"),
            ),
        ),
        _ctc_batch_cost,
        ("float32",),  # TensorFlow adds probabilities as float32 whatever they are
        refused=(
            bad_value(
                "rank",
                "expected y_pred of rank 3",
                y_true=LABELS,
                y_pred=Sample((3, 5)),
                input_length=STEPS,
                label_length=COUNTS,
            ),
            bad_value(
                "vector",
                "expected input_length of rank 2",
                y_true=LABELS,
                y_pred=SERIES,
                input_length=Sample((3,), 4, 5, "int32"),
                label_length=COUNTS,
            ),
            bad_value(
                "columns",
                "expected label_length of shape (samples, 1)",
                y_true=LABELS,
                y_pred=SERIES,
                input_length=STEPS,
                label_length=LABELS,
            ),
            bad_value(
                "samples",
                "expected one number of samples",
                y_true=Sample((2, 2), 0, 2, "int32"),
                y_pred=SERIES,
                input_length=STEPS,
                label_length=COUNTS,
            ),
            bad_value(
                "no classes",
                "expected y_pred of at least one",
                y_true=LABELS,
                y_pred=Sample((3, 5, 0)),
                input_length=STEPS,
                label_length=COUNTS,
            ),
            bad_type(
                "integers",
                "expected y_pred of a float dtype",
                y_true=LABELS,
                y_pred=Sample((3, 5, 4), dtype="int32"),
                input_length=STEPS,
                label_length=COUNTS,
            ),
        ),
    ),
)
