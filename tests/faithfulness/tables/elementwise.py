"""Elementwise functions, comparisons, clipping."""

from __future__ import annotations

from ..arguments import array, listed, tensor, variable
from .samples import TENSORS, of_dtypes
from .table import LEFT_OUT, Table

_UNARY = ("abs", "exp", "log", "sqrt", "square", "sign", "round", "sin", "cos", "sigmoid", "hard_sigmoid", "tanh")
_MORE_UNARY = ("softplus", "softsign", "flatten", "batch_flatten", "transpose", "shape", "stop_gradient", "identity")
_INSPECTED = ("ndim", "int_shape", "dtype", "count_params")

#: What stands beside a float32[2, 3].
_BESIDE = (
    tensor(2, 3),
    tensor(3),
    tensor(),
    tensor(1, 3),
    tensor(2, 1),
    tensor(4, 2, 3),
    tensor(0, 3),
    tensor(2, 4),
    tensor(3, 2),
    *of_dtypes(2, 3),
    array(2, 3),
    array(3, dtype="float64"),
    array(3, dtype="int64"),
    array(3, dtype="bool"),
    variable(2, 3),
    listed(2, 3),
    listed(3, dtype="int32"),
    1,
    -0.5,
    True,
    [],
    [1.5, 2.0, 3.0],
    None,
    "text",
)
_INTEGERS = (
    tensor(2, 3, dtype="int32"),
    tensor(2, 3, dtype="int64"),
    tensor(2, 3, dtype="bool"),
    tensor(2, 3, dtype="float64"),
    tensor(2, 3, dtype="float16"),
)
_SHAPES = (
    tensor(2, 3),
    tensor(),
    tensor(1),
    tensor(3),
    tensor(2, 1),
    tensor(4, 1, 3),
    tensor(0, 3),
    tensor(1, 0),
    tensor(2, 1, 1, 3),
)
_NUMBERS = (
    2,
    -1,
    1.5,
    True,
    listed(3),
    listed(3, dtype="int32"),
    array(3),
    array(3, dtype="float64"),
    array(3, dtype="int32"),
)

TABLES = (
    *(Table(op, {"x": TENSORS}) for op in (*_UNARY, *_MORE_UNARY)),
    *(Table(op, {"x": TENSORS}, symbols=False) for op in _INSPECTED),
    *(
        Table(
            op,
            {"x": TENSORS, "y": _BESIDE},
            (
                {"x": _SHAPES, "y": _SHAPES},
                {"x": _INTEGERS, "y": (*_INTEGERS, *_NUMBERS)},
                {"x": _NUMBERS, "y": (*_INTEGERS[:3], *_NUMBERS)},
            ),
        )
        for op in ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "maximum", "minimum")
    ),
    Table(
        "pow",
        {
            "x": tuple(TENSORS),
            "a": (2, 0, -1, 0.5, 2.0, True, tensor(2, 3), tensor(3), tensor(), array(3), listed(3), None, "x"),
        },
        (
            {
                "x": of_dtypes(2, 3, dtypes=("int32", "float64", "float16", "int64", "bool")),
                "a": (2, 0.5, -1, tensor(2, 3), array(3, dtype="int32")),
            },
        ),
    ),
    Table(
        "clip",
        {
            "x": TENSORS,
            "min_value": (-0.5, 0, None, -1, 3, float("-inf"), tensor(), tensor(3), array(3), [0, 0.5, 1], "a"),
            "max_value": (1.0, 1, None, -2, 0, float("inf"), tensor(), tensor(2, 3), array(3), [1, 2, 3], "a"),
        },
        (
            {
                "x": of_dtypes(2, 3),
                "min_value": (-1, -0.5, None, 2),
                "max_value": (1, 0.5, None, -2),
            },
        ),
    ),
    Table("elu", {"x": TENSORS, "alpha": (LEFT_OUT, 1.0, 0.5, 0, 2, -1, None, tensor(), tensor(3), array(3), "a")}),
    Table(
        "relu",
        {
            "x": TENSORS,
            "alpha": (LEFT_OUT, 0.0, 0.5, 1, None, tensor(), "a"),
            "max_value": (LEFT_OUT, None, 1.0, 6, 0, -1, 0.5, "a"),
            "threshold": (LEFT_OUT, 0.0, 0.5, 1, -1, None, "a"),
        },
        (
            {
                "x": (
                    tensor(2, 3),
                    tensor(2, 3, dtype="float64"),
                    tensor(2, 3, dtype="int32"),
                    tensor(3, dtype="float16"),
                ),
                "alpha": (0.0, 0.5, 1),
                "max_value": (None, 1.0, 6, 6.0),
                "threshold": (0.0, 0.5, 1),
            },
        ),
        most=100,
    ),
)
