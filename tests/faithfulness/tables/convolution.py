"""Convolutions and pooling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..arguments import array, listed, tensor, variable
from .samples import of_dtypes
from .table import LEFT_OUT, Table

_FORMATS = (LEFT_OUT, None, "channels_last", "channels_first", "wrong")
_BOTH = ("channels_last", "channels_first")
_PADDINGS = (LEFT_OUT, "valid", "same", "causal", "VALID", "wrong", None)
_LINES = (
    tensor(2, 5, 3),
    tensor(1, 1, 3),
    tensor(0, 5, 3),
    tensor(2, 3, 5),
    tensor(5, 3),
    *of_dtypes(2, 5, 3, dtypes=("float16", "float64", "int32")),
    array(2, 5, 3),
    listed(2, 5, 3),
    None,
)
_IMAGES = (
    tensor(2, 5, 4, 3),
    tensor(1, 1, 1, 3),
    tensor(0, 5, 4, 3),
    tensor(2, 3, 5, 4),
    tensor(5, 4, 3),
    *of_dtypes(2, 5, 4, 3, dtypes=("float16", "float64", "int32")),
    array(2, 5, 4, 3),
    array(2, 5, 4, 3, dtype="float64"),
    listed(1, 5, 4, 3),
    variable(2, 5, 4, 3),
    None,
)
_VOLUMES = (
    tensor(2, 4, 3, 4, 3),
    tensor(1, 2, 2, 2, 3),
    tensor(0, 4, 3, 4, 3),
    tensor(2, 3, 4, 3, 4),
    tensor(4, 3, 4, 3),
    *of_dtypes(2, 4, 3, 4, 3, dtypes=("float16", "float64", "int32")),
    array(2, 4, 3, 4, 3),
    None,
)


def _convolution(op: str, rank: int, x: tuple[Any, ...], kernel: tuple[int, ...], **more: Any) -> Table:
    one = (lambda n: n) if rank == 1 else (lambda n: (n,) * rank)
    numbers = (LEFT_OUT, one(1), one(2), 2, one(-1), (1,) * (rank + 1), 1.5, None)
    uneven = (3,) if rank == 1 else ((1, 2) if rank == 2 else (1, 2, 1))
    kernels = (
        tensor(*kernel),
        tensor(*kernel, dtype="float64"),
        array(*kernel),
        variable(*kernel),
        tensor(*kernel[1:]),
        tensor(*kernel[:-2], kernel[-2] + 1, kernel[-1]),
        tensor(*(9,) * rank, *kernel[rank:]),
        None,
    )
    name = "depthwise_kernel" if "depthwise" in op or "separable" in op else "kernel"
    return Table(
        op,
        {
            "x": x,
            name: kernels,
            **more,
            "strides": (*numbers, uneven),
            "padding": _PADDINGS,
            "data_format": _FORMATS,
            "dilation_rate": (*numbers, uneven),
        },
        (
            {"x": x[:4], "strides": (one(1), one(2), uneven), "padding": ("valid", "same"), "data_format": _BOTH},
            {
                "x": x[:2],
                "strides": (one(1), one(2)),
                "padding": ("valid", "same"),
                "dilation_rate": (one(1), one(2)),
                "data_format": _BOTH,
            },
        ),
    )


def _pooling(op: str, rank: int, x: tuple[Any, ...]) -> Table:
    return Table(
        op,
        {
            "x": x,
            "pool_size": (
                (2,) * rank,
                [2] * rank,
                (1,) * rank,
                2,
                (3, 2, 1)[:rank],
                (9,) * rank,
                (2,) * (rank + 1),
                None,
            ),
            "strides": (LEFT_OUT, (1,) * rank, (2,) * rank, 2, (2, 1, 3)[:rank], (1,), None),
            "padding": _PADDINGS,
            "data_format": _FORMATS,
            "pool_mode": (LEFT_OUT, "max", "avg", "wrong", None),
        },
        (
            {
                "x": x[:4],
                "pool_size": ((2,) * rank, (1, 2, 3)[:rank]),
                "strides": ((1,) * rank, (2,) * rank),
                "padding": ("valid", "same"),
                "data_format": _BOTH,
                "pool_mode": ("max", "avg"),
            },
        ),
    )


_TABLES = (
    _convolution("conv1d", 1, _LINES, (2, 3, 4)),
    _convolution("conv2d", 2, _IMAGES, (2, 2, 3, 4)),
    _convolution("conv3d", 3, _VOLUMES, (2, 2, 2, 3, 4)),
    _convolution("depthwise_conv2d", 2, _IMAGES, (2, 2, 3, 2)),
    _convolution(
        "separable_conv1d",
        1,
        _LINES,
        (2, 3, 2),
        pointwise_kernel=(tensor(1, 6, 4), tensor(1, 5, 4), tensor(6, 4), None),
    ),
    _convolution(
        "separable_conv2d",
        2,
        _IMAGES,
        (2, 2, 3, 2),
        pointwise_kernel=(tensor(1, 1, 6, 4), tensor(1, 1, 5, 4), tensor(6, 4), None),
    ),
    Table(
        "conv2d_transpose",
        {
            "x": (
                tensor(2, 3, 2, 4),
                tensor(2, 4, 3, 2),
                tensor(0, 3, 2, 4),
                tensor(3, 2, 4),
                *of_dtypes(2, 3, 2, 4, dtypes=("float16", "float64", "int32")),
                array(2, 3, 2, 4),
                None,
            ),
            "kernel": (
                tensor(2, 2, 3, 4),
                tensor(2, 2, 3, 4, dtype="float64"),
                array(2, 2, 3, 4),
                tensor(2, 2, 4, 3),
                tensor(2, 3, 4),
                None,
            ),
            "output_shape": (
                (2, 4, 3, 3),
                [2, 4, 3, 3],
                (2, 6, 4, 3),
                (2, 5, 5, 3),
                (None, 4, 3, 3),
                (2, 3, 2, 3),
                (2, 4, 3),
                tensor(4, dtype="int32"),
                None,
            ),
            "strides": (LEFT_OUT, (1, 1), (2, 2), 2, None),
            "padding": _PADDINGS,
            "data_format": _FORMATS,
            "dilation_rate": (LEFT_OUT, (1, 1), (2, 2), 2),
        },
        (
            {
                "output_shape": ((2, 4, 3, 3), (2, 6, 4, 3), (2, 3, 2, 3), (None, 6, 4, 3)),
                "strides": ((1, 1), (2, 2)),
                "padding": ("valid", "same"),
            },
            {
                "x": (tensor(2, 4, 3, 2),),
                "output_shape": ((2, 3, 4, 3), (2, 3, 6, 4), (2, 3, 3, 2)),
                "strides": ((1, 1), (2, 2)),
                "padding": ("valid", "same"),
                "data_format": ("channels_first",),
            },
        ),
    ),
    Table(
        "conv3d_transpose",
        {
            "x": (
                tensor(2, 2, 3, 2, 4),
                tensor(2, 4, 2, 3, 2),
                tensor(2, 3, 2, 4),
                *of_dtypes(2, 2, 3, 2, 4, dtypes=("float16", "float64", "int32")),
                array(2, 2, 3, 2, 4),
                None,
            ),
            "kernel": (
                tensor(2, 2, 2, 3, 4),
                tensor(2, 2, 2, 3, 4, dtype="float64"),
                array(2, 2, 2, 3, 4),
                tensor(2, 2, 2, 4, 3),
                tensor(2, 2, 3, 4),
                None,
            ),
            "output_shape": (
                (2, 3, 4, 3, 3),
                [2, 3, 4, 3, 3],
                (2, 4, 6, 4, 3),
                (2, 5, 5, 5, 3),
                (None, 3, 4, 3, 3),
                (2, 3, 4, 3),  # a tensor that does not fit would end TensorFlow, also in a graph
                None,
            ),
            "strides": (LEFT_OUT, (1, 1, 1), (2, 2, 2), 2, None),
            "padding": _PADDINGS,
            "data_format": _FORMATS,
        },
        (
            {
                "output_shape": ((2, 3, 4, 3, 3), (2, 4, 6, 4, 3), (2, 2, 3, 2, 3), (2, 4, 5, 3, 3)),
                "strides": ((1, 1, 1), (2, 2, 2)),
                "padding": ("valid", "same"),
            },
            {
                "x": (tensor(2, 4, 2, 3, 2),),
                "output_shape": ((2, 3, 3, 4, 3), (2, 3, 4, 6, 4), (2, 3, 2, 3, 2)),
                "strides": ((1, 1, 1), (2, 2, 2)),
                "padding": ("valid", "same"),
                "data_format": ("channels_first",),
            },
        ),
    ),
    _pooling("pool2d", 2, _IMAGES),
    _pooling("pool3d", 3, _VOLUMES),
    Table(
        "local_conv1d",
        {
            "inputs": (
                tensor(2, 5, 3),
                tensor(2, 3, 5),
                tensor(0, 5, 3),
                tensor(5, 3),
                *of_dtypes(2, 5, 3, dtypes=("float64", "float16")),
                array(2, 5, 3),
                None,
            ),
            "kernel": (tensor(4, 6, 4), tensor(2, 6, 4), tensor(4, 5, 4), tensor(6, 4), array(4, 6, 4), None),
            "kernel_size": ((2,), [2], 2, (3,), (2, 2), None),
            "strides": ((1,), [1], 1, (2,), (1, 1), None),
            "data_format": _FORMATS,
        },
        (
            {
                "inputs": (tensor(2, 5, 3), tensor(2, 3, 5)),
                "kernel": (tensor(4, 6, 4), tensor(2, 6, 4)),
                "strides": ((1,), (2,)),
                "data_format": _BOTH,
            },
        ),
    ),
    Table(
        "local_conv2d",
        {
            "inputs": (
                tensor(2, 4, 3, 2),
                tensor(2, 2, 4, 3),
                tensor(0, 4, 3, 2),
                tensor(4, 3, 2),
                tensor(2, 4, 3, 2, dtype="float64"),
                array(2, 4, 3, 2),
                None,
            ),
            "kernel": (tensor(6, 8, 3), tensor(6, 7, 3), tensor(4, 8, 3), array(6, 8, 3), None),
            "kernel_size": ((2, 2), [2, 2], (1, 2), 2, None),
            "strides": ((1, 1), [1, 1], (2, 1), 1, None),
            "output_shape": ((3, 2), [3, 2], (2, 2), None),
            "data_format": _FORMATS,
        },
        ({"inputs": (tensor(2, 4, 3, 2), tensor(2, 2, 4, 3)), "data_format": _BOTH},),
    ),
)

#: Asked at once, TensorFlow ends the process where a rank or a window does not fit.
TABLES = tuple(replace(table, fragile=True) for table in _TABLES)
