"""Constants, casts, tensors made from nothing, variables."""

from __future__ import annotations

from ..arguments import array, listed, tensor, variable
from .samples import LENGTHS, RANKS, TENSORS, of_dtypes
from .table import LEFT_OUT, Table

_DTYPES = (
    LEFT_OUT,
    None,
    "float32",
    "float64",
    "float16",
    "int32",
    "int64",
    "uint8",
    "bool",
    "bfloat16",
    "complex64",
    "string",
    "wrong",
    1,
    float,
    int,
    "float",
    "int",
)
_SHAPES = (
    (2, 3),
    (),
    [2, 3],
    (0,),
    (2, 0),
    3,
    (1, 2, 3, 4, 5),
    (-1, 2),
    (None, 2),
    None,
    (2.0, 3),
    "a",
    array(2, dtype="int32", low=1),
    tensor(2, dtype="int32", low=1),
)

_ANY_TENSOR = (*RANKS, *LENGTHS, *of_dtypes(2, 3), variable(2, 3), variable(2, 3, dtype="float64"), array(2, 3))

TABLES = (
    Table(
        "constant",
        {
            "value": (
                1.5,
                2,
                True,
                [1, 2],
                [1.5, 2.0],
                [True, False],
                [[1, 2], [3, 4]],
                "text",
                ["a", "b"],
                [],
                [[]],
                None,
                [[1], [2, 3]],
                1e40,
                2**40,
                -1,
                float("nan"),
                *TENSORS,
            ),
            "dtype": _DTYPES,
            "shape": (LEFT_OUT, None, (2, 3), (), (2,), (0,), [2], 3, (2, None), (-1,), "a"),
            "name": (LEFT_OUT, "c", None),
        },
        (
            {
                "value": (
                    1.5,
                    2,
                    True,
                    [1, 2],
                    array(2),
                    array(2, dtype="float64"),
                    array(2, dtype="int64"),
                    tensor(2),
                    tensor(2, dtype="int32"),
                ),
                "dtype": (LEFT_OUT, "float64", "int32", "bool", "float16"),
            },
            {
                "value": (1.5, [1, 2], [1.0, 2, 3, 4, 5, 6], array(6), tensor(6)),
                "shape": (None, (2,), (2, 3), (), (0,)),
            },
        ),
    ),
    Table(
        "cast",
        {"x": TENSORS, "dtype": ("float32", *_DTYPES[2:])},
        (
            {
                "x": (
                    tensor(2, 3, high=300, low=-300),
                    tensor(2, 3, dtype="int32"),
                    tensor(2, 3, dtype="bool"),
                    [1.7, -1.7],
                    2.5,
                    array(3, dtype="float64"),
                ),
                "dtype": ("float32", "float64", "int32", "uint8", "bool", "float16", "int8"),
            },
        ),
    ),
    Table("cast_to_floatx", {"x": TENSORS}),
    *(Table(op, {"shape": _SHAPES, "dtype": _DTYPES, "name": (LEFT_OUT, "v", None)}) for op in ("zeros", "ones")),
    *(Table(op, {"x": TENSORS, "dtype": _DTYPES, "name": (LEFT_OUT, "v", None)}) for op in ("zeros_like", "ones_like")),
    Table(
        "eye",
        {
            "size": (3, 1, 0, (2, 3), [2, 3], -1, 2.0, None, "a", (2,), tensor(dtype="int32", low=2)),
            "dtype": _DTYPES,
            "name": (LEFT_OUT, "v", None),
        },
    ),
    Table(
        "variable",
        {
            "value": (1.5, 2, True, [1, 2], [True], "text", [], None, [[1], [2, 3]], 1e40, 2**40, *TENSORS),
            "dtype": _DTYPES,
            "name": (LEFT_OUT, "v", None),
        },
        symbols=False,
        crossed=(
            {
                "value": (
                    1.5,
                    2,
                    True,
                    [1, 2],
                    array(2),
                    array(2, dtype="float64"),
                    array(2, dtype="int64"),
                    tensor(2),
                    tensor(2, dtype="int32"),
                    tensor(2, dtype="float64"),
                ),
                "dtype": (LEFT_OUT, "float64", "int32", "bool", "float16"),
            },
        ),
    ),
    Table("to_dense", {"tensor": _ANY_TENSOR}),
    Table("is_sparse", {"tensor": TENSORS}),
    Table("eval", {"x": _ANY_TENSOR}),
    Table("get_value", {"x": _ANY_TENSOR}),
    Table(
        "batch_get_value", {"tensors": ([variable(2), variable(3, 1)], [], [tensor(2), variable()], [array(2)], [1.0])}
    ),
    *(
        Table(
            op,
            {
                "x": (
                    variable(2, 3),
                    variable(),
                    variable(2, 3, dtype="float64"),
                    variable(2, 3, dtype="int32"),
                    variable(2, 3, dtype="float16"),
                    tensor(2, 3),
                    1.0,
                    None,
                ),
                other: (
                    tensor(2, 3),
                    tensor(),
                    tensor(3),
                    tensor(1, 3),
                    tensor(2, 3, dtype="float64"),
                    tensor(2, 3, dtype="int32"),
                    array(2, 3),
                    array(2, 3, dtype="float64"),
                    array(2, 3, dtype="int64"),
                    listed(2, 3),
                    1,
                    0.5,
                    True,
                    tensor(3, 2),
                    None,
                    "a",
                ),
            },
            (
                {
                    "x": (variable(2, 3), variable(), variable(2, 3, dtype="float64"), variable(2, 3, dtype="int32")),
                    other: (
                        tensor(2, 3),
                        tensor(2, 3, dtype="float64"),
                        array(2, 3, dtype="float64"),
                        array(2, 3, dtype="int32"),
                        1,
                        1.5,
                        array(2, 3),
                        listed(2, 3),
                    ),
                },
            ),
        )
        for op, other in (("update", "new_x"), ("update_add", "increment"), ("update_sub", "decrement"))
    ),
    Table(
        "moving_average_update",
        {
            "x": (variable(2, 3), variable(), variable(2, 3, dtype="float64"), tensor(2, 3), None),
            "value": (
                tensor(2, 3),
                tensor(),
                tensor(3),
                array(2, 3),
                1.0,
                1,
                listed(2, 3),
                tensor(2, 3, dtype="float64"),
                tensor(3, 2),
                None,
            ),
            "momentum": (0.9, 0, 1, 0.5, tensor(), array(), None, "a"),
        },
    ),
)
