"""Convolutions backwards: each element spreads the kernel over the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidValue
from kremote_proto.tensors import Array
from kremote_proto.windows import places

from .operands import lengths, pair
from .windows import as_wide, channels_last

Integers = Sequence[int]


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Integers,
    padding: str,
    data_format: str,
    dilation_rate: Integers,
) -> Any:
    """Convolution over two axes backwards; a dilated one has strides of 1."""
    steps = strides if max(dilation_rate) == 1 else (1, 1)
    return _transposed(x, kernel, output_shape, steps, padding, data_format, dilation_rate)


def conv3d_transpose(x: Any, kernel: Any, output_shape: Any, strides: Integers, padding: str, data_format: str) -> Any:
    """Convolution over three axes backwards."""
    return _transposed(x, kernel, output_shape, strides, padding, data_format, (1, 1, 1))


def _transposed(
    x: Any, kernel: Any, output_shape: Any, strides: Integers, padding: str, data_format: str, dilation: Integers
) -> Any:
    x, kernel = pair(x, kernel)
    if isinstance(output_shape, tuple | list) and output_shape[0] is None:
        output_shape = (len(x), *output_shape[1:])
    wanted = lengths(output_shape)[1:]
    inner = wanted[:-1] if data_format == "channels_last" else wanted[1:]
    return channels_last(lambda image: _spread(image, kernel, inner, strides, padding, dilation), x, data_format)


def _spread(
    image: Array, kernel: Array, wanted: Integers, strides: Integers, padding: str, dilation: Integers
) -> Array:
    """Each element of the kernel, times the image, added where it belongs; what falls outside is padding."""
    size, found = kernel.shape[:-2], image.shape[1:-1]
    if places(tuple(wanted), size, strides, padding, dilation) != found:
        raise InvalidValue(f"expected output_shape whose convolution has the places {found}; got {tuple(wanted)}")
    dtype = image.dtype
    image, kernel = as_wide(image, kernel)
    result = np.zeros((len(image), *wanted, kernel.shape[-2]), image.dtype)
    axes = list(zip(found, wanted, size, strides, dilation, strict=True))
    before = [
        max((length - 1) * stride + (n - 1) * distance + 1 - far, 0) // 2 if padding == "same" else 0
        for length, far, n, stride, distance in axes
    ]
    for place in np.ndindex(*size):
        offsets = [at * distance - first for at, distance, first in zip(place, dilation, before, strict=True)]
        taken, covered = zip(
            *(
                _overlap(offset, length, far, stride)
                for offset, (length, far, _, stride, _) in zip(offsets, axes, strict=True)
            ),
            strict=True,
        )
        part = image[(slice(None), *taken)]
        if part.size:
            result[(slice(None), *covered)] += part @ kernel[place].T
    return result.astype(dtype)


def _overlap(offset: int, length: int, far: int, stride: int) -> tuple[slice, slice]:
    """Which of `length` elements, `stride` apart from `offset` on, fall inside `far`, and where."""
    first = max(-(offset // stride), 0) if offset < 0 else 0
    last = min((far - 1 - offset) // stride, length - 1)
    if last < first:
        return slice(0, 0), slice(0, 0)
    start = offset + first * stride
    return slice(first, last + 1), slice(start, start + (last - first) * stride + 1, stride)
