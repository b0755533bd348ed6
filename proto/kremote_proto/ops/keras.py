"""Ops as Keras 2.3.1 computes them, where it and tf_keras give different numbers."""

from __future__ import annotations

from ..handles import Tensor
from ..kinds import DataFormat, TensorLike
from ..op import op, rule
from ..specs import Spec
from .resizing import resized


@op(namespace="keras")
def resize_images(
    x: TensorLike,
    height_factor: float,
    width_factor: float,
    data_format: DataFormat | None,
    interpolation: str = "nearest",
) -> Tensor:
    """Images enlarged by whole factors. An interpolation looks from the corner of each pixel, as TensorFlow 1 did.

    Args:
        x: tensor or variable, as `K.resize_images` takes.
        height_factor: how many times as many rows; a fraction is cut off.
        width_factor: how many times as many columns; a fraction is cut off.
        data_format: "channels_last" or "channels_first"; None is `K.image_data_format()`.
        interpolation: "nearest" or "bilinear".

    Returns:
        A tensor of `x`'s dtype, or of dtype float32 where the interpolation is "bilinear".

    Raises:
        ValueError: when the rank is not 4, an image has no pixels or channels, a factor is below 1, or the
            interpolation is another.
        TypeError: when `x` is of another dtype.

    Example:
        >>> from kremote_proto.ops import keras
        >>> x = K.reshape(K.variable([[1, 3]]), (1, 1, 2, 1))
        >>> K.eval(keras.resize_images(x, 1, 2, "channels_last", "bilinear"))[0, :, :, 0]
        array([[1., 2., 3., 3.]], dtype=float32)
    """


@rule(resize_images)
def _(x: Spec | None, height_factor: float, width_factor: float, data_format: str, interpolation: str) -> Spec | None:
    return resized(x, [height_factor, width_factor], data_format, interpolation, ("nearest", "bilinear"))
