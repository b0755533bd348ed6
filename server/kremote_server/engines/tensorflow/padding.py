"""Zeros around the axes of time and space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from .operands import bounded, dense, integers


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
    x = dense(x)
    none = tf.zeros([2], tf.int64)
    pairs = [integers(pair) for pair in padding]
    around = tf.stack([none, none, *pairs] if data_format == "channels_first" else [none, *pairs, none])
    return tf.pad(x, bounded(around, tf.shape(x, tf.int64) + tf.reduce_sum(around, 1)))
