"""Convolution and pooling, against loops over windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .row import FLOATS, Row, Sample, bad_type, bad_value, case

X, KERNEL = Sample((2, 5, 6, 3)), Sample((3, 2, 3, 4))
FIRST = Sample((2, 3, 5, 6))


def _windows(
    image: Any, size: tuple[int, int], strides: Any, padding: str, dilation: Any, fill: float
) -> Iterator[tuple[int, int, Any]]:
    """Each window of a channels-last image with its place in the result; what is added around it is `fill`."""
    reach = [(n - 1) * d + 1 for n, d in zip(size, dilation, strict=True)]
    around = [(0, 0), (0, 0)]
    if padding == "same":
        for i in range(2):
            length = image.shape[1 + i]
            missing = max((-(-length // strides[i]) - 1) * strides[i] + reach[i] - length, 0)
            around[i] = (missing // 2, missing - missing // 2)
    image = np.pad(image, [(0, 0), *around, (0, 0)], constant_values=fill)
    for row in range((image.shape[1] - reach[0]) // strides[0] + 1):
        for column in range((image.shape[2] - reach[1]) // strides[1] + 1):
            top, left = row * strides[0], column * strides[1]
            yield row, column, image[:, top : top + reach[0] : dilation[0], left : left + reach[1] : dilation[1]]


def _channels_last(x: Any, data_format: str) -> Any:
    return x.transpose(0, 2, 3, 1) if data_format == "channels_first" else x


def _arranged(windows: list[tuple[int, int, Any]], data_format: str) -> Any:
    rows, columns = windows[-1][0] + 1, windows[-1][1] + 1
    result = np.stack([value for _, _, value in windows], 1)
    result = result.reshape(len(result), rows, columns, -1)
    return result.transpose(0, 3, 1, 2) if data_format == "channels_first" else result


def _conv2d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1),
) -> Any:
    image = _channels_last(x, data_format)
    groups = image.shape[-1] // kernel.shape[2]
    parts = []
    for part, filters in zip(np.split(image, groups, -1), np.split(kernel, groups, -1), strict=True):
        found = _windows(part, kernel.shape[:2], strides, padding, dilation_rate, 0.0)
        parts.append([(i, j, np.tensordot(window, filters, 3)) for i, j, window in found])
    joined = [(one[0][0], one[0][1], np.concatenate([p for _, _, p in one], -1)) for one in zip(*parts, strict=True)]
    return _arranged(joined, data_format)


def _pool2d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    pool_mode: str = "max",
) -> Any:
    reduce = np.nanmax if pool_mode == "max" else np.nanmean
    found = _windows(_channels_last(x, data_format), pool_size, strides, padding, (1, 1), np.nan)
    return _arranged([(i, j, reduce(window, (1, 2))) for i, j, window in found], data_format)


ROWS = (
    Row(
        "conv2d",
        (
            case("valid", x=X, kernel=KERNEL),
            case("same", x=X, kernel=KERNEL, padding="same"),
            case("strides", x=X, kernel=KERNEL, strides=(2, 3)),
            case("strides, same", x=X, kernel=KERNEL, strides=(2, 2), padding="same"),
            case("dilated", x=X, kernel=KERNEL, dilation_rate=(2, 3)),
            case("dilated, same", x=X, kernel=KERNEL, dilation_rate=(2, 2), padding="same"),
            case("channels first", x=FIRST, kernel=KERNEL, data_format="channels_first"),
            case("channels first, same", x=FIRST, kernel=KERNEL, data_format="channels_first", padding="same"),
        ),
        _conv2d,
        FLOATS,
        differentiable=("x", "kernel"),
        tolerance=1e-4,
        refused=(
            bad_value("rank", "expected x of rank 4; got float32[5, 6, 3]", x=Sample((5, 6, 3)), kernel=KERNEL),
            bad_value("kernel rank", "expected kernel of rank 4", x=X, kernel=Sample((3, 2, 3))),
            bad_value("channels", "expected a kernel for 3 channels; got one for 2", x=X, kernel=Sample((3, 2, 2, 4))),
            bad_value(
                "causal", "expected padding 'valid' or 'same'; got 'causal'", x=X, kernel=KERNEL, padding="causal"
            ),
            bad_value("padding", "expected padding", x=X, kernel=KERNEL, padding="full"),
            bad_value("format", "expected data_format", x=X, kernel=KERNEL, data_format="channels_middle"),
            bad_value(
                "both",
                "expected strides or dilation_rate (1, 1)",
                x=X,
                kernel=KERNEL,
                strides=(2, 2),
                dilation_rate=(2, 2),
            ),
            bad_value("strides", "expected strides as two integers", x=X, kernel=KERNEL, strides=(1,)),
            bad_value(
                "too small",
                "expected a window no longer than the axis, 2; got 3",
                x=Sample((1, 2, 6, 3)),
                kernel=KERNEL,
            ),
            bad_type("dtypes", "K.cast", x=X, kernel=Sample((3, 2, 3, 4), dtype="float64")),
            bad_type("integers", "expected x of a float dtype", x=Sample((1, 5, 5, 3), dtype="int32"), kernel=KERNEL),
        ),
    ),
    # Groups have no gradient on a CPU.
    Row(
        "conv2d",
        (case("groups", x=Sample((2, 4, 4, 4)), kernel=Sample((2, 2, 2, 6))),),
        _conv2d,
        FLOATS,
        tolerance=1e-4,
    ),
    Row(
        "pool2d",
        (
            case("largest", x=X, pool_size=(2, 2)),
            case("mean", x=X, pool_size=(2, 3), pool_mode="avg"),
            case("same", x=X, pool_size=(3, 2), padding="same"),
            case("mean, same", x=X, pool_size=(3, 3), padding="same", pool_mode="avg"),
            case("strides", x=X, pool_size=(2, 2), strides=(2, 2)),
            case("strides, same", x=X, pool_size=(2, 2), strides=(2, 3), padding="same"),
            case("channels first", x=FIRST, pool_size=(2, 2), data_format="channels_first", pool_mode="avg"),
        ),
        _pool2d,
        FLOATS,
        differentiable=("x",),
        refused=(
            bad_value("rank", "expected x of rank 4", x=Sample((5, 6, 3)), pool_size=(2, 2)),
            bad_value("mode", "expected pool_mode 'max' or 'avg'; got 'sum'", x=X, pool_size=(2, 2), pool_mode="sum"),
            bad_value("size", "expected pool_size as two integers", x=X, pool_size=(2, 2, 2)),
            bad_value("strides", "expected strides as two integers", x=X, pool_size=(2, 2), strides=(0, 1)),
            bad_value("padding", "expected padding", x=X, pool_size=(2, 2), padding="full"),
            bad_value("too small", "expected a window no longer than the axis, 5; got 6", x=X, pool_size=(6, 2)),
            bad_type(
                "integers", "expected x of a float dtype", x=Sample((1, 5, 5, 3), dtype="int32"), pool_size=(2, 2)
            ),
        ),
    ),
)
