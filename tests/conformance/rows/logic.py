"""Whether something is so."""

from __future__ import annotations

from typing import Any

import numpy as np

from .row import Row, Sample, bad_type, bad_value, case

PREDICTIONS, CLASSES = Sample((7, 5)), Sample((7,), 0, 4, "int32")
TIES = np.array([[1, 1, 2, 2, 3], [1, 1, 1, 1, 1], [3, 2, 2, 1, 0]], "float32")
BROKEN = np.array([[np.inf, 1, 2], [np.nan, 3, 4], [-np.inf, 2, 1], [1, 2, 3], [3, 2, 1]], "float32")


def _in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    return np.array(
        [
            0 <= target < len(row) and bool(np.isfinite(row).all()) and int(np.sum(row > row[target])) < k
            for row, target in zip(predictions, targets, strict=True)
        ],
        bool,
    )


ROWS = (
    Row(
        "in_top_k",
        (
            *(case(f"{k}", predictions=PREDICTIONS, targets=CLASSES, k=k) for k in (-1, 0, 1, 2, 3, 5, 9)),
            case("long numbers", predictions=PREDICTIONS, targets=Sample((7,), 0, 4, "int64"), k=2),
            *(
                case(f"ties, {k}, {target}", predictions=TIES, targets=np.full(3, target, "int32"), k=k)
                for k in (1, 2, 3)
                for target in (0, 2, 4)
            ),
            case("not finite", predictions=BROKEN, targets=np.array([1, 1, 1, -1, 3], "int32"), k=2),
            case("none", predictions=Sample((0, 3)), targets=Sample((0,), 0, 2, "int32"), k=2),
            case("no classes", predictions=Sample((2, 0)), targets=Sample((2,), 0, 2, "int32"), k=2),
        ),
        _in_top_k,
        ("float32",),
        lambda _: "bool",
        refused=(
            bad_value("rank", "expected predictions of rank 2", predictions=Sample((5,)), targets=CLASSES, k=1),
            bad_value(
                "targets",
                "expected targets of rank 1",
                predictions=PREDICTIONS,
                targets=Sample((7, 1), dtype="int32"),
                k=1,
            ),
            bad_value("samples", "expected a target for each", predictions=Sample((3, 5)), targets=CLASSES, k=1),
            bad_type(
                "dtype", "expected targets of an integer dtype", predictions=PREDICTIONS, targets=Sample((7,)), k=1
            ),
            bad_type("k", "expected an integer", predictions=PREDICTIONS, targets=CLASSES, k=1.5),
        ),
    ),
    # Keras has it of float32 alone.
    Row(
        "in_top_k",
        (
            case("long floats", predictions=PREDICTIONS, targets=CLASSES, k=2),
            case("short numbers", predictions=PREDICTIONS, targets=Sample((7,), 0, 4, "uint8"), k=2),
        ),
        _in_top_k,
        ("float64",),
        lambda _: "bool",
        keras=False,
    ),
)
