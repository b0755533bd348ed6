"""Values that many tables try."""

from __future__ import annotations

from typing import Any

from ..arguments import Draw, array, listed, tensor, variable

#: A tensor of each rank.
RANKS: tuple[Draw, ...] = (
    tensor(2, 3),
    tensor(),
    tensor(4),
    tensor(2, 3, 4),
    tensor(2, 1, 3, 2),
    tensor(2, 1, 3, 1, 2),
)
#: Tensors of lengths 0 and 1.
LENGTHS: tuple[Draw, ...] = (tensor(0), tensor(0, 3), tensor(2, 0), tensor(1), tensor(1, 1), tensor(3, 0, 2))
FLOATS = ("float16", "float64")
#: Dtypes beside float32.
DTYPES = ("float16", "float64", "int32", "int64", "bool", "uint8", "int8", "complex64")
WAYS: tuple[Any, ...] = (
    array(2, 3),
    array(2, 3, dtype="float64"),
    array(2, 3, dtype="int64"),
    array(2, 3, dtype="bool"),
    variable(2, 3),
    variable(2, 3, dtype="float64"),
    listed(2, 3),
    listed(2, 3, dtype="int32"),
    [True, False],
    1.5,
    2,
    True,
    [],
    [[1, 2.5], [3, 4]],
)
WRONG: tuple[Any, ...] = (None, "text", [[1, 2], [3]], object())


def of_dtypes(*shape: int, dtypes: tuple[str, ...] = DTYPES, low: float = -2.0, high: float = 2.0) -> tuple[Draw, ...]:
    """A tensor of each dtype."""
    return tuple(tensor(*shape, dtype=dtype, low=low, high=high) for dtype in dtypes)


#: What a tensor argument may be.
TENSORS: tuple[Any, ...] = (*RANKS, *LENGTHS, *of_dtypes(2, 3), *WAYS, *WRONG)
AXES: tuple[Any, ...] = (None, 0, 1, -1, -2, 2, 5, -3, -6, [0, 1], (0,), [1, -1], [], [0, 0], 1.0, "0", [[0, 1]])
