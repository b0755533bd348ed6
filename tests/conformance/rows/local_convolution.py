"""Local convolutions, against loops over windows."""

from __future__ import annotations

from typing import Any

from .row import FLOATS, Row, Sample, bad_type, bad_value, case
from .windows import local, local_of_one_axis

SERIES, STEPS = Sample((2, 6, 3)), Sample((4, 9, 2))
ALONG: dict[str, Any] = {"kernel": STEPS, "kernel_size": (3,), "strides": (1,)}
X, KERNEL = Sample((2, 4, 5, 2)), Sample((6, 12, 3))
OVER: dict[str, Any] = {"kernel": KERNEL, "kernel_size": (3, 2), "strides": (1, 2), "output_shape": (2, 2)}
EVERY: dict[str, Any] = {**OVER, "kernel": Sample((4, 12, 3))}

ROWS = (
    Row(
        "local_conv1d",
        (
            case("each step", inputs=SERIES, **ALONG),
            case("strides", inputs=SERIES, **{**ALONG, "kernel": Sample((2, 9, 2)), "strides": (2,)}),
            case("fewer windows", inputs=SERIES, **{**ALONG, "kernel": Sample((3, 9, 2))}),
            case("channels first", inputs=Sample((2, 3, 6)), data_format="channels_first", **ALONG),
        ),
        local_of_one_axis,
        FLOATS,
        differentiable=("inputs", "kernel"),
        tolerance=1e-4,
        refused=(
            bad_value("rank", "expected inputs of rank 3", inputs=Sample((6, 3)), **ALONG),
            bad_value("too many", "holds 5 windows of 3", inputs=SERIES, **{**ALONG, "kernel": Sample((5, 9, 2))}),
            bad_value("elements", "(4, 9, filters)", inputs=SERIES, **{**ALONG, "kernel": Sample((4, 8, 2))}),
            bad_value("kernel rank", "expected kernel of shape", inputs=SERIES, **{**ALONG, "kernel": Sample((4, 9))}),
            bad_value("size", "expected kernel_size as one integer", inputs=SERIES, **{**ALONG, "kernel_size": (3, 1)}),
            bad_value("strides", "expected strides as one integer", inputs=SERIES, **{**ALONG, "strides": (0,)}),
            bad_value("format", "expected data_format", inputs=SERIES, data_format="last", **ALONG),
            bad_type("one size", "expected a tuple of integers", inputs=SERIES, **{**ALONG, "kernel_size": 3}),
            bad_type(
                "dtypes",
                "K.cast",
                inputs=Sample((2, 6, 3), dtype="float64"),
                **{**ALONG, "kernel": Sample((4, 9, 2), dtype="float32")},
            ),
            bad_type("integers", "expected inputs of a float dtype", inputs=Sample((2, 6, 3), dtype="int32"), **ALONG),
        ),
    ),
    Row(
        "local_conv2d",
        (
            case("strides", inputs=X, **EVERY),
            case(
                "each place",
                inputs=X,
                kernel=Sample((12, 8, 2)),
                kernel_size=(2, 2),
                strides=(1, 1),
                output_shape=(3, 4),
            ),
            case("fewer windows", inputs=X, **{**EVERY, "kernel": Sample((2, 12, 3)), "output_shape": (1, 2)}),
            case("channels first", inputs=Sample((2, 2, 4, 5)), data_format="channels_first", **EVERY),
        ),
        local,
        FLOATS,
        differentiable=("inputs", "kernel"),
        tolerance=1e-4,
        refused=(
            bad_value("rank", "expected inputs of rank 4", inputs=SERIES, **EVERY),
            bad_value("windows", "(4, 12, filters)", inputs=X, **OVER),
            bad_value("too many", "holds 3 windows of 3", inputs=X, **{**OVER, "output_shape": (3, 2)}),
            bad_value("places", "expected output_shape as two integers", inputs=X, **{**OVER, "output_shape": (4,)}),
            bad_value("size", "expected kernel_size as two integers", inputs=X, **{**EVERY, "kernel_size": (3,)}),
            bad_value("strides", "expected strides as two integers", inputs=X, **{**EVERY, "strides": (-1, 1)}),
            bad_type(
                "integers", "expected inputs of a float dtype", inputs=Sample((2, 4, 5, 2), dtype="int32"), **EVERY
            ),
        ),
    ),
)
