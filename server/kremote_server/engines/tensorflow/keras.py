"""Ops as Keras 2.3.1 computes them, where it and tf_keras give different numbers."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from . import resizing


def resize_images(x: Any, height_factor: float, width_factor: float, data_format: str, interpolation: str) -> Any:
    """Images enlarged; an interpolation looks from the corner of each pixel."""
    if interpolation == "nearest":
        return resizing.resize_images(x, height_factor, width_factor, data_format, interpolation)
    bilinear = tf.compat.v1.image.resize_bilinear
    return resizing.enlarged(bilinear, tf.cast(x, tf.float32), [height_factor, width_factor], data_format)
