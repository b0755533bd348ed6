"""Setting variables. What is compared is what `set_value` gives, nothing; its errors are."""

from __future__ import annotations

from ..arguments import array, listed, tensor, variable
from .table import Table

_VALUES = (
    array(2, 3),
    array(2, 3, dtype="float64"),
    array(2, 3, dtype="int32"),
    array(2, 3, dtype="bool"),
    listed(2, 3),
    array(3),
    array(1, 3),
    array(3, 2),
    1.0,
    "a",
    None,
)
_VARIABLES = (
    variable(2, 3),
    variable(2, 3, dtype="float64"),
    variable(2, 3, dtype="int32"),
    variable(),
    tensor(2, 3),
    None,
)

TABLES = (
    Table("set_value", {"x": _VARIABLES, "value": _VALUES}, symbols=False),
    Table(
        "batch_set_value",
        {
            "tuples": (
                [(variable(2), array(2))],
                [],
                [(variable(2), [1, 2]), (variable(), 1)],
                [(variable(2), array(3))],
                [variable(2)],
            )
        },
        symbols=False,
    ),
)
