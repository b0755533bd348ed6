"""The dtype and the length of ranges, as TensorFlow counts them."""

from __future__ import annotations

import math

import numpy as np

from .dtypes import INTEGERS, wire_dtype
from .errors import InvalidType, InvalidValue
from .specs import Spec

#: What ranges can be of; the bounds of one meet in the last of theirs.
RANGED = ("int32", "int64", "float16", "bfloat16", "float32", "float64")

#: A number, or the spec of a tensor.
Bound = float | Spec


def range_dtype(*bounds: Bound) -> str | None:
    """The dtype in which bounds meet, None while one is not known.

    >>> range_dtype(0, 5), range_dtype(0, 2**40), range_dtype(0.5, 2), range_dtype(0, Spec("float64", ()))
    ('int32', 'int64', 'float32', 'float64')
    """
    found = [bound.dtype if isinstance(bound, Spec) else _dtype_of_number(bound) for bound in bounds]
    for dtype in found:
        if dtype is not None and dtype not in RANGED:
            raise InvalidType(
                f"expected bounds of {', '.join(RANGED)}; got {dtype}", hint="K.cast makes it another dtype"
            )
    known = [dtype for dtype in found if dtype is not None]
    return max(known, key=RANGED.index) if len(known) == len(found) else None


def _dtype_of_number(number: float) -> str:
    if isinstance(number, float):
        return "float32"
    if not -(2**63) <= number < 2**63:
        raise InvalidValue(f"expected numbers that fit 64 bits; got {number}")
    return "int32" if -(2**31) <= number < 2**31 else "int64"


def range_length(start: float, stop: float, step: float, dtype: str) -> int:
    """How many numbers there are from `start` to before `stop`, counted in a dtype.

    >>> range_length(0, 5, 2, "int32"), range_length(5, 0, -2, "int32"), range_length(0, 5.5, 1, "float32")
    (3, 3, 6)
    """
    if not (start <= stop if step > 0 else start >= stop and step < 0):
        raise InvalidValue(f"expected a step, other than 0, that leads from {start} to {stop}; got {step}")
    if dtype in INTEGERS:
        return int(-(-abs(int(stop) - int(start)) // abs(int(step))))
    of = wire_dtype(dtype).type
    with np.errstate(all="ignore"):
        steps = float(np.abs((of(stop) - of(start)) / of(step)))
    if not math.isfinite(steps):
        raise InvalidValue(f"expected finite bounds; got {start} to {stop} in steps of {step}")
    return math.ceil(steps)
