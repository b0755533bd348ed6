"""Zeros around the axes of time and space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto import layouts

from .operands import check_elements, dense, lengths


def temporal_padding(x: Any, padding: Any) -> Any:
    """Zeros before and after the steps."""
    return _padded(x, [padding], "channels_last")


def spatial_2d_padding(x: Any, padding: Sequence[Any], data_format: str) -> Any:
    """Zeros around images."""
    return _padded(x, padding, data_format)


def spatial_3d_padding(x: Any, padding: Sequence[Any], data_format: str) -> Any:
    """Zeros around volumes."""
    return _padded(x, padding, data_format)


def _padded(x: Any, padding: Sequence[Any], data_format: str) -> Any:
    x, none = dense(x), (0, 0)
    pairs = [lengths(pair) for pair in padding]
    around = [none, none, *pairs] if data_format == "channels_first" else [none, *pairs, none]
    check_elements(layouts.pad(x.shape, around))
    return np.pad(x, around, constant_values=b"" if x.dtype == object else 0)
