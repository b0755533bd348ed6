"""Reductions."""

from __future__ import annotations

from .samples import AXES, LENGTHS, RANKS, TENSORS
from .table import LEFT_OUT, Table

_REDUCED = {
    "x": TENSORS,
    "axis": (LEFT_OUT, *AXES),
    "keepdims": (LEFT_OUT, False, True, 1, None),
}
_CROSSED = ({"x": (*RANKS, *LENGTHS), "axis": (LEFT_OUT, 0, 1, -1, -2, 4, [0, -1], []), "keepdims": (False, True)},)
_ALONG = {"x": (*RANKS, *LENGTHS), "axis": (LEFT_OUT, 0, 1, -1, -2, 2, 4, -5, None)}

TABLES = (
    *(
        Table(op, _REDUCED, _CROSSED)
        for op in ("sum", "max", "min", "prod", "mean", "var", "std", "logsumexp", "any", "all")
    ),
    *(
        Table(op, {"x": TENSORS, "axis": (LEFT_OUT, *AXES)}, (_ALONG,))
        for op in ("argmax", "argmin", "cumsum", "cumprod", "l2_normalize", "softmax")
    ),
)
