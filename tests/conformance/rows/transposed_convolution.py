"""Convolutions backwards, against what each element of a convolution owes to each of its argument's."""

from __future__ import annotations

from typing import Any

from .row import FLOATS, Refusal, Row, Sample, bad_type, bad_value, case
from .windows import transposed

X, FIRST = Sample((2, 3, 4, 3)), Sample((2, 3, 3, 4))
KERNEL = Sample((3, 2, 2, 3))
VOLUME, CUBE = Sample((1, 2, 3, 2, 3)), Sample((2, 2, 3, 2, 3))


def _refused(x: Sample, kernel: Sample, shape: tuple[int, ...], words: str) -> tuple[Refusal, ...]:
    """What both refuse."""
    given: dict[str, Any] = {"x": x, "kernel": kernel, "output_shape": shape}
    rank = len(x.shape)
    channels = Sample((*kernel.shape[:-1], kernel.shape[-1] + 1))
    longer = (*shape[:1], shape[1] + 3, *shape[2:])
    return (
        bad_value("rank", f"expected x of rank {rank}", x=Sample(x.shape[1:]), kernel=kernel, output_shape=shape),
        bad_value("kernel rank", f"kernel of rank {rank}", x=x, kernel=Sample(kernel.shape[1:]), output_shape=shape),
        bad_value("channels", "expected a kernel for 3 channels", x=x, kernel=channels, output_shape=shape),
        bad_value("places", "whose convolution has places", x=x, kernel=kernel, output_shape=longer),
        bad_value("batch", "whose convolution has batch", x=x, kernel=kernel, output_shape=(7, *shape[1:])),
        bad_value("filters", "whose convolution has filters", x=x, kernel=kernel, output_shape=(*shape[:-1], 5)),
        bad_value("negative", "of 0 or more", x=x, kernel=kernel, output_shape=(shape[0], -1, *shape[2:])),
        bad_value("few lengths", f"expected output_shape of {rank} lengths", x=x, kernel=kernel, output_shape=(1, 2)),
        bad_value("strides", f"expected strides as {words}", strides=(1,), **given),
        bad_value("padding", "expected padding 'valid' or 'same'", padding="causal", **given),
        bad_value("format", "expected data_format", data_format="last", **given),
        bad_type("dtypes", "K.cast", x=x, kernel=Sample(kernel.shape, dtype="float64"), output_shape=shape),
        bad_type(
            "integers",
            "expected x of a float dtype",
            x=Sample(x.shape, dtype="int32"),
            kernel=kernel,
            output_shape=shape,
        ),
    )


ROWS = (
    Row(
        "conv2d_transpose",
        (
            case("valid", x=X, kernel=KERNEL, output_shape=(2, 5, 5, 2)),
            case("same", x=X, kernel=KERNEL, output_shape=[2, 3, 4, 2], padding="same"),
            case("strides", x=X, kernel=KERNEL, output_shape=(2, 7, 11, 2), strides=(2, 3)),
            case("strides, longer", x=X, kernel=KERNEL, output_shape=(2, 8, 13, 2), strides=(2, 3)),
            case("strides, same", x=X, kernel=KERNEL, output_shape=(2, 5, 8, 2), strides=(2, 2), padding="same"),
            case("dilated", x=X, kernel=KERNEL, output_shape=(2, 7, 6, 2), dilation_rate=(2, 2)),
            case("dilated, same", x=X, kernel=KERNEL, output_shape=(2, 3, 4, 2), dilation_rate=(3, 3), padding="same"),
            case("channels first", x=FIRST, kernel=KERNEL, output_shape=(2, 2, 5, 5), data_format="channels_first"),
            case(
                "channels first, dilated",
                x=FIRST,
                kernel=KERNEL,
                output_shape=(2, 2, 7, 6),
                data_format="channels_first",
                dilation_rate=(2, 2),
            ),
        ),
        transposed,
        FLOATS,
        differentiable=("x", "kernel"),
        tolerance=1e-4,
        refused=(
            *_refused(X, KERNEL, (2, 5, 5, 2), "two integers"),
            bad_value(
                "two dilations",
                "expected the same dilation_rate along rows and columns; got (1, 2)",
                x=X,
                kernel=KERNEL,
                output_shape=(2, 5, 6, 2),
                dilation_rate=(1, 2),
            ),
        ),
    ),
    Row(
        "conv3d_transpose",
        (
            case("valid", x=VOLUME, kernel=CUBE, output_shape=(1, 3, 4, 4, 2)),
            case("same", x=VOLUME, kernel=CUBE, output_shape=(1, 2, 3, 2, 2), padding="same"),
            case("strides", x=VOLUME, kernel=CUBE, output_shape=(1, 4, 6, 4, 2), strides=(2, 2, 1)),
            case(
                "strides, same", x=VOLUME, kernel=CUBE, output_shape=(1, 4, 5, 4, 2), strides=(2, 2, 2), padding="same"
            ),
            case(
                "channels first",
                x=Sample((1, 3, 2, 3, 2)),
                kernel=CUBE,
                output_shape=(1, 2, 3, 4, 4),
                data_format="channels_first",
            ),
        ),
        transposed,
        FLOATS,
        differentiable=("x", "kernel"),
        keras=False,
        tolerance=1e-4,
        refused=_refused(VOLUME, CUBE, (1, 3, 4, 4, 2), "three integers"),
    ),
)
