"""Images and volumes enlarged by whole factors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kremote_proto.tensors import Array

from .operands import dense
from .windows import channels_last


class Kernel(NamedTuple):
    """How much a pixel counts by its distance, and up to which distance."""

    weight: Callable[[Array], Array]
    radius: int


def _keys(distance: Array) -> Array:
    """The cubic with slope -0.5 at 1, at one of the 1025 distances TensorFlow has a table of."""
    x = np.round(distance * 1024) / 1024
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, far)


def _mitchell(x: Array) -> Array:
    near, far = (7 * x**3 - 12 * x**2 + 16 / 3) / 6, (-7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3) / 6
    return np.asarray(np.where(x <= 1, near, far))


def _lanczos(radius: int) -> Kernel:
    return Kernel(lambda x: np.sinc(x) * np.sinc(x / radius), radius)


KERNELS = {
    "bilinear": Kernel(lambda x: 1 - x, 1),
    "bicubic": Kernel(_keys, 2),
    "gaussian": Kernel(lambda x: np.where(x < 1.5, np.exp(-2 * x**2), 0), 2),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "mitchellcubic": Kernel(_mitchell, 2),
}


def resize_images(x: Any, height_factor: float, width_factor: float, data_format: str, interpolation: str) -> Any:
    """Images enlarged; an interpolation looks from the middle of each pixel."""
    return enlarged(x, [int(height_factor), int(width_factor)], data_format, interpolation, 0.5)


def enlarged(x: Any, factors: Sequence[int], data_format: str, interpolation: str, middle: float) -> Array:
    """Images enlarged along their rows, then their columns; `middle` is where in a pixel it is looked from."""
    x = dense(x)
    if interpolation == "nearest":
        return _repeated(x, factors, data_format)
    x = x.astype("float32")
    if interpolation == "area":  # by whole factors it is of one pixel
        return _repeated(x, factors, data_format)

    def interpolated(images: Array) -> Array:
        for axis, factor in enumerate(factors, 1):
            images = _along(images, axis, factor, KERNELS[interpolation], middle)
        return images

    return channels_last(interpolated, x, data_format)


def _along(images: Array, axis: int, factor: int, kernel: Kernel, middle: float) -> Array:
    """One axis enlarged: each place is a mean of the pixels around it, those outside the image left out."""
    length = images.shape[axis]
    places = (np.arange(length * factor) + middle) / factor - middle
    near = np.floor(places).astype(int) + np.arange(1 - kernel.radius, 1 + kernel.radius)[:, np.newaxis]
    distance = np.abs(places - near)
    outside = (near < 0) | (near >= length) | (distance > kernel.radius)
    weights = np.where(outside, 0, kernel.weight(distance))
    weights = (weights / weights.sum(0)).astype(images.dtype)
    along = [-1 if i == axis else 1 for i in range(images.ndim)]
    taken = zip(near.clip(0, length - 1), weights, strict=True)
    total: Array = sum(images.take(pixels, axis) * weight.reshape(along) for pixels, weight in taken)
    return total


def resize_volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Any:
    """Volumes enlarged, each element repeated."""
    return _repeated(dense(x), (depth_factor, height_factor, width_factor), data_format)


def _repeated(x: Array, factors: Sequence[int], data_format: str) -> Array:
    for axis, factor in enumerate(factors, 2 if data_format == "channels_first" else 1):
        x = np.repeat(x, factor, axis)
    return x
