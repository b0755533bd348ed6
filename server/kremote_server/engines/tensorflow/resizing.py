"""Images and volumes enlarged by whole factors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from .operands import dense
from .rearranging import repeat_elements


def resize_images(x: Any, height_factor: float, width_factor: float, data_format: str, interpolation: str) -> Any:
    """Images enlarged; an interpolation looks from the middle of each pixel."""
    # By whole factors an area is of one pixel, and the nearest has a gradient.
    method = {"area": "nearest"}.get(interpolation, interpolation)
    return enlarged(
        lambda images, size: tf.image.resize(images, size, method),
        x if interpolation == "nearest" else tf.cast(dense(x), tf.float32),
        [height_factor, width_factor],
        data_format,
    )


def enlarged(resize: Callable[[Any, Any], Any], x: Any, factors: list[float], data_format: str) -> Any:
    """`resize(images, size)` of images with channels last, for those of either format."""
    images = tf.ensure_shape(dense(x), [None] * 4)
    first = data_format == "channels_first"
    images = tf.transpose(images, [0, 2, 3, 1]) if first else images
    resized = resize(images, tf.shape(images)[1:3] * [int(factor) for factor in factors])
    return tf.transpose(resized, [0, 3, 1, 2]) if first else resized


def resize_volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Any:
    """Volumes enlarged, each element repeated."""
    x = tf.ensure_shape(dense(x), [None] * 5)
    axis = 2 if data_format == "channels_first" else 1
    for factor in (depth_factor, height_factor, width_factor):
        x = repeat_elements(x, factor, axis)
        axis += 1
    return x
