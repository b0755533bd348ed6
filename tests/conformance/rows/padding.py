"""Zeros around the axes of time and space, against numpy's."""

from __future__ import annotations

from typing import Any

import numpy as np

from .row import ALL, Row, Sample, bad_type, bad_value, case

SERIES, IMAGES, VOLUMES = Sample((2, 3, 4)), Sample((2, 3, 4, 1)), Sample((1, 2, 3, 2, 2))
FIRST: dict[str, Any] = {"data_format": "channels_first"}


def _spatial(x: Any, padding: Any, data_format: str = "channels_last") -> Any:
    around = [tuple(int(n) for n in pair) for pair in padding]
    first = 2 if data_format == "channels_first" else 1
    return np.pad(x, [(0, 0)] * first + around + [(0, 0)] * (2 - first))


def _one() -> Sample:
    return Sample((), 1, 1, "int32")


ROWS = (
    Row(
        "temporal_padding",
        (
            case("default", x=SERIES),
            case("uneven", x=SERIES, padding=(0, 3)),
            case("list", x=SERIES, padding=[2, 0]),
            case("empty", x=Sample((2, 0, 3)), padding=(1, 2)),
            case("by a tensor", x=SERIES, padding=Sample((2,), 2, 2, "int32")),
            case("by a number", x=SERIES, padding=(_one(), 0)),
        ),
        lambda x, padding=(1, 1): _spatial(x, [padding]),
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("rank", "expected x of rank 3; got float32[2, 3, 4, 1]", x=IMAGES),
            bad_value("negative", "expected paddings of 0 or more", x=SERIES, padding=(-1, 2)),
            bad_value("three", "expected two integers as a padding; got 3", x=SERIES, padding=(1, 2, 3)),
            bad_value("one", "expected two integers as a padding; got 1", x=SERIES, padding=1),
            bad_type("fraction", "expected an integer", x=SERIES, padding=(0.5, 1)),
        ),
    ),
    Row(
        "spatial_2d_padding",
        (
            case("default", x=IMAGES),
            case("uneven", x=IMAGES, padding=((0, 1), (2, 3))),
            case("lists", x=IMAGES, padding=[[1, 0], [0, 0]]),
            case("channels first", x=IMAGES, padding=((0, 1), (2, 3)), **FIRST),
            case("by a number", x=IMAGES, padding=((_one(), 0), (0, 1))),
        ),
        lambda x, padding=((1, 1), (1, 1)), data_format="channels_last": _spatial(x, padding, data_format),
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("rank", "expected x of rank 4; got float32[2, 3, 4]", x=SERIES),
            bad_value("negative", "expected paddings of 0 or more", x=IMAGES, padding=((0, 1), (-2, 3))),
            bad_value("numbers", "expected two integers as a padding; got 1", x=IMAGES, padding=(1, 1)),
            bad_value("three", "expected 2 pairs of integers as padding; got 3", x=IMAGES, padding=((1, 1),) * 3),
            bad_value("format", "expected data_format", x=IMAGES, data_format="channels_middle"),
            bad_type("fraction", "expected an integer", x=IMAGES, padding=((0.5, 1), (1, 1))),
        ),
    ),
    Row(
        "spatial_3d_padding",
        (
            case("default", x=VOLUMES),
            case("uneven", x=VOLUMES, padding=((0, 1), (2, 3), (1, 0))),
            case("channels first", x=VOLUMES, padding=((0, 1), (2, 3), (1, 0)), **FIRST),
            case("by a number", x=VOLUMES, padding=((_one(), 0), (0, 1), (0, _one()))),
        ),
        lambda x, padding=((1, 1),) * 3, data_format="channels_last": _spatial(x, padding, data_format),
        ALL,
        differentiable=("x",),
        refused=(
            bad_value("rank", "expected x of rank 5; got float32[2, 3, 4]", x=SERIES),
            bad_value("negative", "expected paddings of 0 or more", x=VOLUMES, padding=((0, 1), (0, 0), (-2, 3))),
            bad_value("two", "expected 3 pairs of integers as padding; got 2", x=VOLUMES, padding=((1, 1),) * 2),
            bad_value("format", "expected data_format", x=VOLUMES, data_format="channels_middle"),
        ),
    ),
)
