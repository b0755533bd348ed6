"""Random tensors: their dtypes and shapes, and what is refused."""

from __future__ import annotations

from typing import Any

from ..arguments import array, listed, tensor, variable
from .samples import of_dtypes
from .table import LEFT_OUT, Table

_SHAPES: tuple[Any, ...] = (
    (2, 3),
    (),
    [4],
    (0,),
    (2, 0, 3),
    (-1, 2),
    (None, 2),
    3,
    None,
    (2.0, 3),
    "a",
    tensor(2, dtype="int32", low=1, high=4),
    array(2, dtype="int32", low=1, high=4),
    [tensor(dtype="int32", low=2, high=2), 3],
)
_DTYPES = (
    LEFT_OUT,
    None,
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "int32",
    "int64",
    "uint8",
    "bool",
    "complex64",
    "string",
    "wrong",
)
_SEEDS = (LEFT_OUT, None, 0, 1337, -1, 2**31, 1.5, "a")
_NUMBERS = (LEFT_OUT, 0.0, 1, 0.5, -2.0, None, "a", tensor(), tensor(3))
_CHANCES = (LEFT_OUT, 0.0, 0.5, 1.0, 1, -0.5, 2.0, None, "a", tensor(low=0.1, high=0.9))
_SCALES = (LEFT_OUT, 1.0, 2, 0.0, -1.0, None, "a", tensor(low=0.5))


def _table(op: str, **parameters: Any) -> Table:
    return Table(op, {"shape": _SHAPES, **parameters, "dtype": _DTYPES, "seed": _SEEDS}, values=False)


TABLES = (
    _table("random_normal", mean=_NUMBERS, stddev=_SCALES),
    _table("truncated_normal", mean=_NUMBERS, stddev=_SCALES),
    _table("random_uniform", minval=_NUMBERS, maxval=(LEFT_OUT, 1.0, 9, 0.0, -5.0, "a", tensor(low=1.5))),
    _table("random_bernoulli", p=_CHANCES),
    _table("random_binomial", p=_CHANCES),
    Table(
        "random_uniform",
        {"shape": ((3,),), "minval": (0, -5, 0.5), "maxval": (10, 1, 2.5), "dtype": ("int32", "int64", "uint8")},
        ({"minval": (0, -5, 10), "maxval": (10, None, 2.5), "dtype": ("int32", "int64")},),
        values=False,
    ),
    *(
        Table(
            op,
            {
                "shape": _SHAPES,
                first: (0.0, 1, -2.5, None, "a"),
                second: (1.0, 2, 0.0, "a"),
                "dtype": _DTYPES,
                "name": (LEFT_OUT, "r", None),
                "seed": _SEEDS,
            },
            values=False,
            symbols=False,
        )
        for op, first, second in (
            ("random_uniform_variable", "low", "high"),
            ("random_normal_variable", "mean", "scale"),
        )
    ),
    Table(
        "dropout",
        {
            "x": (
                tensor(4, 3),
                tensor(),
                tensor(0, 3),
                tensor(2, 3, 4),
                *of_dtypes(4, 3),
                array(4, 3),
                listed(4, 3),
                variable(4, 3),
                1.0,
                None,
            ),
            "level": (0.5, 0.0, 0, 0.9, 1.0, 1, -0.1, 1.5, None, "a", tensor(low=0.1, high=0.9)),
            "noise_shape": (LEFT_OUT, None, (4, 1), (1, 3), [4, 3], (4, None), (1,), (2, 3), (4, 3, 1), "a"),
            "seed": _SEEDS,
        },
        values=False,
    ),
)
