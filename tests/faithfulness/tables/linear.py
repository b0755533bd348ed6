"""Products."""

from __future__ import annotations

from ..arguments import array, listed, tensor, variable
from .samples import LENGTHS, RANKS, TENSORS, of_dtypes
from .table import LEFT_OUT, Table

_MATRICES = (
    tensor(3, 4),
    tensor(3),
    tensor(),
    tensor(5, 3, 4),
    tensor(2, 5, 3, 4),
    tensor(3, 0),
    tensor(0, 4),
    tensor(4, 2),
    *of_dtypes(3, 4),
    array(3, 4),
    array(3, 4, dtype="float64"),
    array(3, 4, dtype="int64"),
    listed(3, 4),
    variable(3, 4),
    2.0,
    None,
    "text",
)

TABLES = (
    Table(
        "dot",
        {"x": TENSORS, "y": _MATRICES},
        (
            {"x": (*RANKS, *LENGTHS, tensor(3), tensor(4, 3), tensor(2, 2, 3)), "y": _MATRICES[:7]},
            {
                "x": (tensor(2, 3), *of_dtypes(2, 3), array(2, 3), variable(2, 3)),
                "y": (tensor(3, 4), array(3, 4), listed(3, 4), variable(3, 4), *of_dtypes(3, 4)),
            },
        ),
        most=60,
    ),
    Table(
        "batch_dot",
        {
            "x": (
                tensor(4, 2, 3),
                *TENSORS,
                array(4, 2, 3),
                array(4, 2, 3, dtype="float64"),
                variable(4, 2, 3),
                *of_dtypes(4, 2, 3),
            ),
            "y": (
                tensor(4, 3, 5),
                tensor(4, 2, 3),
                tensor(4, 3),
                tensor(3, 3, 5),
                tensor(0, 3, 5),
                tensor(4, 3, 5, dtype="float64"),
                array(4, 3, 5),
                listed(4, 3, 5),
                None,
            ),
            "axes": (
                LEFT_OUT,
                None,
                1,
                2,
                (2, 1),
                [2, 1],
                (-1, 1),
                (1, 2),
                (1, 1),
                0,
                (0, 1),
                3,
                -1,
                (2, 1, 0),
                "a",
                1.0,
                ((1,), (2,)),
            ),
        },
        (
            {
                "x": (tensor(4, 3), tensor(4, 2, 3), tensor(4, 2, 5, 3), tensor(0, 2, 3), tensor(4, 3, 3), tensor(4)),
                "y": (tensor(4, 3), tensor(4, 3, 5), tensor(4, 6, 3, 5), tensor(0, 3, 2), tensor(4, 3, 3), tensor(4)),
                "axes": (None, 1, 2, (1, 1), (2, 1), (1, 2), (-1, -2), (2, 2), (3, 1)),
            },
            {"x": of_dtypes(4, 2, 3), "y": (tensor(4, 3, 5), *of_dtypes(4, 3, 5)), "axes": (None,)},
        ),
        most=80,
    ),
)
