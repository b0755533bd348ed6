"""Images and volumes enlarged, against weighted sums over every pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .row import ALL, FLOATS, NUMBERS, Case, Row, Sample, bad_type, bad_value, case

X, ONE = Sample((2, 5, 7, 2)), Sample((1, 1, 1, 1))
VOLUMES = Sample((1, 2, 3, 2, 2))
LAST, FIRST = {"data_format": "channels_last"}, {"data_format": "channels_first"}


def _cubic(b: float, c: float) -> Callable[[Any], Any]:
    """The family of cubics of Mitchell and Netravali."""

    def weight(d: Any) -> Any:
        near = (12 - 9 * b - 6 * c) * d**3 + (-18 + 12 * b + 6 * c) * d**2 + 6 - 2 * b
        far = (-b - 6 * c) * d**3 + (6 * b + 30 * c) * d**2 + (-12 * b - 48 * c) * d + 8 * b + 24 * c
        return np.where(d < 1, near, np.where(d < 2, far, 0)) / 6

    return weight


def _lanczos(radius: int) -> Callable[[Any], Any]:
    return lambda d: np.where(d < radius, np.sinc(d) * np.sinc(d / radius), 0)


#: How much a pixel counts by its distance.
WEIGHTS: dict[str, Callable[[Any], Any]] = {
    "bilinear": lambda d: np.maximum(1 - d, 0),
    # TensorFlow has a table of 1025 distances.
    "bicubic": lambda d: _cubic(0, 0.5)(np.round(d * 1024) / 1024),
    "mitchellcubic": _cubic(1 / 3, 1 / 3),
    "gaussian": lambda d: np.where(d < 1.5, np.exp(-(d**2) / 0.5), 0),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


def _matrix(length: int, factor: int, interpolation: str, middle: float) -> Any:
    """The share every pixel of an axis has in every place of the result."""
    if interpolation in ("nearest", "area"):
        return np.repeat(np.eye(length), factor, 0)
    places = (np.arange(length * factor) + middle) / factor
    weights = WEIGHTS[interpolation](np.abs(places[:, np.newaxis] - (np.arange(length) + middle)))
    return weights / weights.sum(1, keepdims=True)


def _resized(
    x: Any,
    height_factor: float,
    width_factor: float,
    data_format: str,
    interpolation: str = "nearest",
    middle: float = 0.5,
) -> Any:
    first = 2 if data_format == "channels_first" else 1
    result = x if interpolation == "nearest" else x.astype("float32")
    for axis, factor in ((first, int(height_factor)), (first + 1, int(width_factor))):
        matrix = _matrix(x.shape[axis], factor, interpolation, middle)
        result = np.moveaxis(np.tensordot(matrix, result, (1, axis)), 0, axis)
    return result.astype(x.dtype if interpolation == "nearest" else "float32")


def _cases(interpolation: str) -> tuple[Case, ...]:
    same: dict[str, Any] = {"interpolation": interpolation}
    return (
        case("both", x=X, height_factor=3, width_factor=2, **LAST, **same),
        case("channels first", x=X, height_factor=2, width_factor=5, **FIRST, **same),
        case("once", x=X, height_factor=1, width_factor=1, **LAST, **same),
        case("one pixel", x=ONE, height_factor=2, width_factor=3, **LAST, **same),
        case("no samples", x=Sample((0, 2, 3, 1)), height_factor=2, width_factor=2, **LAST, **same),
    )


def _volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Any:
    for axis, factor in enumerate((depth_factor, height_factor, width_factor)):
        x = np.repeat(x, factor, axis + (2 if data_format == "channels_first" else 1))
    return x


TWICE: dict[str, Any] = {"height_factor": 2, "width_factor": 2, **LAST}
REFUSED = (
    bad_value("rank", "expected x of rank 4; got float32[5, 7, 2]", x=Sample((5, 7, 2)), **TWICE),
    bad_value("no pixels", "expected images of at least one pixel", x=Sample((1, 0, 7, 2)), **TWICE),
    bad_value("no channels", "expected images of at least one pixel", x=Sample((1, 5, 7, 0)), **TWICE),
    bad_value("factor", "expected factors from 1 to 2**31 - 1; got 0", x=X, height_factor=0, width_factor=1, **LAST),
    bad_value("below 1", "expected factors from 1", x=X, height_factor=0.5, width_factor=1, **LAST),
    bad_value("no number", "expected factors from 1", x=X, height_factor=1, width_factor=float("nan"), **LAST),
    bad_value("huge", "expected factors from 1", x=X, height_factor=1, width_factor=2**40, **LAST),
    bad_value("too long", "lengths are at most 2**31 - 1", x=X, height_factor=1, width_factor=10**9, **LAST),
    bad_value("format", "expected data_format", x=X, height_factor=1, width_factor=1, data_format="channels_middle"),
    bad_value("interpolation", "expected interpolation 'area' or", x=X, interpolation="cubic", **TWICE),
    bad_type("bool", "expected x of", x=Sample((1, 2, 2, 1), dtype="bool"), **TWICE),
)

ROWS = (
    Row(
        "resize_images",
        (*_cases("nearest"), case("fractions", x=X, height_factor=2.0, width_factor=1.7, **LAST)),
        _resized,
        NUMBERS,
        differentiable=("x",),
        refused=REFUSED,
    ),
    *(
        Row(
            "resize_images",
            _cases(interpolation),
            _resized,
            NUMBERS,
            lambda _: "float32",
        )
        for interpolation in ("area", *WEIGHTS)
    ),
    Row(
        "keras.resize_images",
        _cases("bilinear"),
        lambda **arguments: _resized(**arguments, middle=0.0),
        NUMBERS,
        lambda _: "float32",
        keras=False,
        refused=(
            *(refusal for refusal in REFUSED if refusal.name != "interpolation"),
            bad_value(
                "interpolation", "expected interpolation 'nearest' or 'bilinear'", x=X, interpolation="area", **TWICE
            ),
        ),
    ),
    Row("keras.resize_images", _cases("nearest"), _resized, FLOATS, differentiable=("x",), keras=False),
    Row(
        "resize_volumes",
        (
            case("each", x=VOLUMES, depth_factor=2, height_factor=1, width_factor=3, **LAST),
            case("channels first", x=VOLUMES, depth_factor=1, height_factor=2, width_factor=2, **FIRST),
        ),
        _volumes,
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("rank", "expected x of rank 5", x=X, depth_factor=1, **TWICE),
            bad_value("factor", "expected factors from 1", x=VOLUMES, depth_factor=0, **TWICE),
            bad_value(
                "format",
                "expected data_format",
                x=VOLUMES,
                depth_factor=1,
                height_factor=1,
                width_factor=1,
                data_format="first",
            ),
            bad_type("fraction", "expected an integer", x=VOLUMES, depth_factor=1.5, **TWICE),
        ),
    ),
)
