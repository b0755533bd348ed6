"""Convolutions, against loops over windows."""

from __future__ import annotations

from typing import Any

from .row import FLOATS, Case, Refusal, Row, Sample, bad_type, bad_value, case
from .windows import convolved

SERIES, STEPS = Sample((2, 6, 3)), Sample((3, 3, 4))
X, KERNEL = Sample((2, 5, 6, 3)), Sample((3, 2, 3, 4))
FIRST = Sample((2, 3, 5, 6))
VOLUME, CUBE = Sample((2, 4, 3, 5, 2)), Sample((2, 2, 3, 2, 3))


def _row(op: str, cases: tuple[Case, ...], refused: tuple[Refusal, ...] = ()) -> Row:
    return Row(op, cases, convolved, FLOATS, differentiable=("x", "kernel"), tolerance=1e-4, refused=refused)


def _refused(given: dict[str, Any], short: Sample, flat: Sample, words: tuple[str, str]) -> tuple[Refusal, ...]:
    """What every convolution refuses: `short` is an image smaller than the kernel, `flat` one of a lower rank."""
    x, kernel = given["x"], given["kernel"]
    narrow = Sample((*kernel.shape[:-2], x.shape[-1] - 1, kernel.shape[-1]))
    many = (1,) * (len(x.shape) + 1)
    return (
        bad_value("rank", f"expected x of rank {len(x.shape)}", x=flat, kernel=kernel),
        bad_value("kernel rank", f"expected kernel of rank {len(x.shape)}", x=x, kernel=Sample(kernel.shape[1:])),
        bad_value("no filters", "each at least 1", x=x, kernel=Sample((*kernel.shape[:-1], 0))),
        bad_value("padding", "expected padding", padding="full", **given),
        bad_value("format", "expected data_format", data_format="channels_middle", **given),
        bad_value("both", "expected strides or dilation_rate of 1", strides=2, dilation_rate=2, **given),
        bad_value("strides", f"expected strides as {words[0]}", strides=many, **given),
        bad_value("no step", f"expected strides as {words[0]}", strides=0, **given),
        bad_value("dilation", f"expected dilation_rate as {words[0]}", dilation_rate=-1, **given),
        bad_value("too small", words[1], x=short, kernel=kernel),
        bad_value("channels", f"expected a kernel for {x.shape[-1]} channels", x=x, kernel=narrow),
        bad_type("dtypes", "K.cast", x=x, kernel=Sample(kernel.shape, dtype="float64")),
        bad_type("integers", "expected x of a float dtype", x=Sample(x.shape, dtype="int32"), kernel=kernel),
        bad_type("text", "expected an integer or a tuple of integers", strides="two", **given),
    )


ROWS = (
    _row(
        "conv1d",
        (
            case("valid", x=SERIES, kernel=STEPS),
            case("same", x=SERIES, kernel=STEPS, padding="same"),
            case("causal", x=SERIES, kernel=STEPS, padding="causal"),
            case("strides", x=SERIES, kernel=STEPS, strides=2),
            case("strides, same", x=SERIES, kernel=STEPS, strides=[4], padding="same"),
            case("strides, causal", x=SERIES, kernel=STEPS, strides=3, padding="causal"),
            case("far strides", x=SERIES, kernel=STEPS, strides=100),
            case("dilated", x=SERIES, kernel=STEPS, dilation_rate=2),
            case("dilated, same", x=SERIES, kernel=STEPS, dilation_rate=(3,), padding="same"),
            case("dilated, causal", x=SERIES, kernel=STEPS, dilation_rate=2, padding="causal"),
            case("far dilated, causal", x=SERIES, kernel=STEPS, dilation_rate=100, padding="causal"),
            case("kernel longer than the series", x=SERIES, kernel=Sample((20, 3, 4)), padding="causal"),
            case("channels first", x=Sample((2, 3, 6)), kernel=STEPS, data_format="channels_first"),
            case("groups", x=Sample((2, 6, 4)), kernel=Sample((3, 2, 6)), padding="same"),
        ),
        (
            *_refused(
                {"x": SERIES, "kernel": STEPS},
                Sample((2, 2, 3)),
                Sample((6, 3)),
                ("one integer", "expected a window no longer than the axis, 2; got 3"),
            ),
            bad_value(
                "causal, channels first",
                "expected data_format 'channels_last' with padding 'causal'",
                x=Sample((2, 3, 6)),
                kernel=STEPS,
                padding="causal",
                data_format="channels_first",
            ),
        ),
    ),
    _row(
        "conv2d",
        (
            case("valid", x=X, kernel=KERNEL),
            case("same", x=X, kernel=KERNEL, padding="same"),
            case("strides", x=X, kernel=KERNEL, strides=(2, 3)),
            case("one stride", x=X, kernel=KERNEL, strides=2),
            case("strides, same", x=X, kernel=KERNEL, strides=(2, 2), padding="same"),
            case("dilated", x=X, kernel=KERNEL, dilation_rate=(2, 3)),
            case("dilated, same", x=X, kernel=KERNEL, dilation_rate=(2, 2), padding="same"),
            case("far dilated", x=X, kernel=KERNEL, dilation_rate=(7, 50), padding="same"),
            case("channels first", x=FIRST, kernel=KERNEL, data_format="channels_first"),
            case("channels first, same", x=FIRST, kernel=KERNEL, data_format="channels_first", padding="same"),
            case("groups", x=Sample((2, 4, 4, 4)), kernel=Sample((2, 2, 2, 6))),
            case("groups, dilated", x=Sample((2, 5, 4, 6)), kernel=Sample((2, 2, 2, 3)), dilation_rate=2),
        ),
        (
            *_refused(
                {"x": X, "kernel": KERNEL},
                Sample((1, 2, 6, 3)),
                Sample((5, 6, 3)),
                ("two integers", "expected a window no longer than the axis, 2; got 3"),
            ),
            bad_value(
                "causal", "expected padding 'valid' or 'same'; got 'causal'", x=X, kernel=KERNEL, padding="causal"
            ),
        ),
    ),
    _row(
        "conv3d",
        (
            case("valid", x=VOLUME, kernel=CUBE),
            case("same", x=VOLUME, kernel=CUBE, padding="same"),
            case("strides", x=VOLUME, kernel=CUBE, strides=(2, 1, 2)),
            case("strides, same", x=VOLUME, kernel=CUBE, strides=2, padding="same"),
            case("far strides", x=VOLUME, kernel=CUBE, strides=(1, 100, 1), padding="same"),
            case("dilated", x=VOLUME, kernel=CUBE, dilation_rate=(3, 1, 2)),
            case("dilated, same", x=VOLUME, kernel=CUBE, dilation_rate=2, padding="same"),
            case("channels first", x=Sample((1, 2, 3, 3, 4)), kernel=CUBE, data_format="channels_first"),
        ),
        _refused(
            {"x": VOLUME, "kernel": CUBE},
            Sample((1, 4, 3, 2, 2)),
            Sample((4, 3, 5, 2)),
            ("three integers", "expected a window no longer than the axis, 2; got 3"),
        ),
    ),
    # TensorFlow has no groups over three axes on a CPU.
    Row(
        "conv3d",
        (case("groups", x=Sample((1, 3, 3, 3, 4)), kernel=Sample((2, 2, 2, 2, 6))),),
        convolved,
        FLOATS,
        differentiable=("x", "kernel"),
        keras=False,
        tolerance=1e-4,
    ),
)
