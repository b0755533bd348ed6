"""Convolutions that keep channels apart, against loops over windows."""

from __future__ import annotations

from typing import Any

from .row import FLOATS, Refusal, Row, Sample, bad_type, bad_value, case
from .windows import depthwise, separable

X, FIRST = Sample((2, 5, 6, 2)), Sample((2, 2, 5, 6))
APART: dict[str, Any] = {"depthwise_kernel": Sample((3, 2, 2, 3))}
MIXED: dict[str, Any] = {**APART, "pointwise_kernel": Sample((1, 1, 6, 4))}
SERIES = Sample((2, 6, 2))
STEPS: dict[str, Any] = {"depthwise_kernel": Sample((3, 2, 3)), "pointwise_kernel": Sample((1, 6, 4))}


def _refused(x: Sample, given: dict[str, Any], words: str) -> tuple[Refusal, ...]:
    """What all of them refuse."""
    rank = len(x.shape)
    kernel = given["depthwise_kernel"]
    other = {**given, "depthwise_kernel": Sample((*kernel.shape[:-2], 3, kernel.shape[-1]))}
    flat = {**given, "depthwise_kernel": Sample(kernel.shape[1:])}
    double = {**given, "depthwise_kernel": Sample(kernel.shape, dtype="float64")}
    both = (2,) * (rank - 2)
    return (
        bad_value("rank", f"expected x of rank {rank}", x=Sample(x.shape[1:]), **given),
        bad_value("kernel rank", f"expected depthwise_kernel of rank {rank}", x=x, **flat),
        bad_value("channels", "expected depthwise_kernel for 2 channels", x=x, **other),
        bad_value("padding", "expected padding 'valid' or 'same'", x=x, padding="causal", **given),
        bad_value("format", "expected data_format", x=x, data_format="first", **given),
        bad_value("both", "expected strides or dilation_rate of 1", x=x, strides=both, dilation_rate=both, **given),
        bad_value("strides", f"expected strides as {words}", x=x, strides=(1, 1, 1), **given),
        bad_value("dilation", f"expected dilation_rate as {words}", x=x, dilation_rate=(0,) * (rank - 2), **given),
        bad_value("too small", "expected a window no longer", x=Sample((1, *(2,) * (rank - 1))), **given),
        bad_type("dtypes", "K.cast", x=x, **double),
        bad_type("integers", "expected x of a float dtype", x=Sample(x.shape, dtype="int32"), **given),
    )


def _refused_mix(x: Sample, given: dict[str, Any]) -> tuple[Refusal, ...]:
    """What those that mix refuse of the second kernel."""
    point = given["pointwise_kernel"]
    wide = {**given, "pointwise_kernel": Sample((2, *point.shape[1:]))}
    other = {**given, "pointwise_kernel": Sample((*point.shape[:-2], 5, 4))}
    return (
        bad_value("wide", "expected pointwise_kernel of length 1", x=x, **wide),
        bad_value("mixed channels", "for 6 channels", x=x, **other),
    )


ROWS = (
    Row(
        "depthwise_conv2d",
        (
            case("valid", x=X, **APART),
            case("same", x=X, padding="same", **APART),
            case("strides", x=X, strides=(2, 2), **APART),
            case("strides, same", x=X, strides=(3, 3), padding="same", **APART),
            case("dilated", x=X, dilation_rate=(2, 3), **APART),
            case("dilated, same", x=X, dilation_rate=(2, 2), padding="same", **APART),
            case("channels first", x=FIRST, data_format="channels_first", **APART),
        ),
        depthwise,
        FLOATS,
        differentiable=("x", "depthwise_kernel"),
        tolerance=1e-4,
        refused=_refused(X, APART, "two integers"),
    ),
    # TensorFlow has one stride for both axes in some dtypes.
    Row(
        "depthwise_conv2d",
        (case("two strides", x=X, strides=(1, 2), **APART),),
        depthwise,
        FLOATS,
        differentiable=("x", "depthwise_kernel"),
        keras=False,
        tolerance=1e-4,
    ),
    Row(
        "separable_conv2d",
        (
            case("valid", x=X, **MIXED),
            case("same", x=X, padding="same", **MIXED),
            case("strides", x=X, strides=(2, 2), **MIXED),
            case("dilated, same", x=X, dilation_rate=(2, 3), padding="same", **MIXED),
            case("channels first", x=FIRST, data_format="channels_first", **MIXED),
        ),
        separable,
        FLOATS,
        differentiable=("x", "depthwise_kernel", "pointwise_kernel"),
        tolerance=1e-4,
        refused=(*_refused(X, MIXED, "two integers"), *_refused_mix(X, MIXED)),
    ),
    # tf_keras 2.21 hands TensorFlow a format of its own making here, which is refused.
    Row(
        "separable_conv1d",
        (
            case("valid", x=SERIES, **STEPS),
            case("same", x=SERIES, padding="same", **STEPS),
            case("strides", x=SERIES, strides=2, **STEPS),
            case("strides, same", x=SERIES, strides=(4,), padding="same", **STEPS),
            case("dilated", x=SERIES, dilation_rate=2, **STEPS),
            case("dilated, same", x=SERIES, dilation_rate=(3,), padding="same", **STEPS),
            case("channels first", x=Sample((2, 2, 6)), data_format="channels_first", **STEPS),
        ),
        separable,
        FLOATS,
        differentiable=("x", "depthwise_kernel", "pointwise_kernel"),
        keras=False,
        tolerance=1e-4,
        refused=(*_refused(SERIES, STEPS, "one integer"), *_refused_mix(SERIES, STEPS)),
    ),
)
