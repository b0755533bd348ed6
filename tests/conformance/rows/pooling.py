"""Pooling, against loops over windows."""

from __future__ import annotations

from typing import Any

from .row import FLOATS, Case, Refusal, Row, Sample, bad_type, bad_value, case
from .windows import pooled

X, FIRST = Sample((2, 5, 6, 3)), Sample((2, 3, 5, 6))
VOLUME = Sample((2, 4, 3, 5, 2))


def _row(op: str, cases: tuple[Case, ...], refused: tuple[Refusal, ...], dtypes: tuple[str, ...] = FLOATS) -> Row:
    return Row(op, cases, pooled, dtypes, differentiable=("x",), refused=refused)


def _refused(given: dict[str, Any], flat: Sample, words: str) -> tuple[Refusal, ...]:
    """What every pooling refuses: `flat` is an image of a lower rank."""
    x, size = given["x"], given["pool_size"]
    return (
        bad_value("rank", f"expected x of rank {len(x.shape)}", x=flat, pool_size=size),
        bad_value("mode", "expected pool_mode 'max' or 'avg'; got 'sum'", pool_mode="sum", **given),
        bad_value("size", f"expected pool_size as {words}", x=x, pool_size=(*size, 2)),
        bad_value("no size", f"expected pool_size as {words}", x=x, pool_size=(0, *size[1:])),
        bad_value("strides", f"expected strides as {words}", strides=(0, *size[1:]), **given),
        bad_value("few strides", f"expected strides as {words}", strides=(1,), **given),
        bad_value("padding", "expected padding", padding="full", **given),
        bad_value("causal", "expected padding 'valid' or 'same'", padding="causal", **given),
        bad_value("format", "expected data_format", data_format="last", **given),
        bad_value("too small", "expected a window no longer than the axis", x=x, pool_size=(9, *size[1:])),
        bad_type("one size", "expected a tuple of integers", x=x, pool_size=2),
        bad_type("integers", "expected x of a float dtype", x=Sample(x.shape, dtype="int32"), pool_size=size),
    )


VOLUMES = (
    case("largest", x=VOLUME, pool_size=(2, 2, 2)),
    case("mean", x=VOLUME, pool_size=(2, 3, 1), pool_mode="avg"),
    case("same", x=VOLUME, pool_size=(3, 2, 2), padding="same"),
    case("mean, same", x=VOLUME, pool_size=(3, 3, 2), padding="same", pool_mode="avg"),
    case("strides", x=VOLUME, pool_size=(2, 2, 2), strides=(2, 1, 3)),
    case("strides, same", x=VOLUME, pool_size=(2, 2, 2), strides=(2, 2, 2), padding="same", pool_mode="avg"),
    case("far windows", x=VOLUME, pool_size=(50, 1, 9), strides=(1, 90, 1), padding="same", pool_mode="avg"),
    case("channels first", x=Sample((1, 2, 4, 3, 5)), pool_size=(2, 2, 2), data_format="channels_first"),
)

ROWS = (
    _row(
        "pool2d",
        (
            case("largest", x=X, pool_size=(2, 2)),
            case("mean", x=X, pool_size=(2, 3), pool_mode="avg"),
            case("same", x=X, pool_size=(3, 2), padding="same"),
            case("mean, same", x=X, pool_size=(3, 3), padding="same", pool_mode="avg"),
            case("strides", x=X, pool_size=(2, 2), strides=(2, 2)),
            case("strides, same", x=X, pool_size=(2, 2), strides=(2, 3), padding="same"),
            case("far windows", x=X, pool_size=(50, 2), strides=(90, 1), padding="same", pool_mode="avg"),
            case("channels first", x=FIRST, pool_size=(2, 2), data_format="channels_first", pool_mode="avg"),
        ),
        _refused({"x": X, "pool_size": (2, 2)}, Sample((5, 6, 3)), "two integers"),
    ),
    _row(
        "pool3d",
        VOLUMES,
        _refused({"x": VOLUME, "pool_size": (2, 2, 2)}, Sample((4, 3, 5, 2)), "three integers"),
        ("float32",),
    ),
    # TensorFlow pools over three axes in float32 alone.
    Row("pool3d", VOLUMES, pooled, ("float64",), keras=False),
)
