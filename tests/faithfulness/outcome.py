"""What a call came to, and whether two of them agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kremote_proto.shapes import compatible
from kremote_proto.specs import Spec

Array = np.ndarray[Any, Any]

#: How far values may lie apart, relative and absolute, by dtype; others are equal.
TOLERANCES = {
    "float16": 2e-3,
    "bfloat16": 2e-2,
    "float32": 2e-5,
    "float64": 1e-9,
    "complex64": 2e-5,
    "complex128": 1e-9,
}

#: What an error of the reference counts as, by the name of its class or of one it derives from: TensorFlow's own
#: errors and the references' assertions are ValueErrors here. Another error (an AttributeError for an array where the
#: reference reads a tensor's attribute) says that the reference did not expect the argument: anything may come of it.
KINDS = {
    "ValueError": "ValueError",
    "TypeError": "TypeError",
    "OpError": "ValueError",
    "AssertionError": "ValueError",
    "LookupError": "ValueError",
    "OverflowError": "ValueError",
    "ZeroDivisionError": "ValueError",
    "NotImplementedError": "NotImplementedError",
}
ANYTHING = "anything"
#: TensorFlow's words for "not on this device, in this build": nothing is said of the op.
UNBUILT = {"UnimplementedError", "NotFoundError"}


def kinds_of(error: BaseException) -> frozenset[str]:
    """The kinds of an error: what a caller would catch it as."""
    names = {parent.__name__ for parent in type(error).__mro__}
    found = frozenset(KINDS[name] for name in names if name in KINDS)
    return frozenset({ANYTHING}) if not found or names & UNBUILT else found


@dataclass(frozen=True)
class Refused:
    """A call that was refused."""

    kinds: frozenset[str]
    message: str

    @staticmethod
    def of(error: BaseException) -> Refused:
        """What an error says."""
        return Refused(kinds_of(error), f"{type(error).__name__}: {str(error).strip()[:200]}")

    def __str__(self) -> str:
        return f"refused with {self.message!r}"


#: What was computed: one array for each result.
Outcome = list[Array] | Refused


def shown(outcome: Any) -> str:
    """An outcome in a line or two."""
    if not isinstance(outcome, list):
        return str(outcome)
    parts = [
        f"{one.dtype.name}{list(one.shape)} {np.array2string(one, threshold=20).replace(chr(10), '')[:160]}"
        if isinstance(one, np.ndarray)
        else str(one)
        for one in outcome
    ]
    return "; ".join(parts) or "nothing"


def difference(wanted: Outcome, got: Outcome, allowed: frozenset[str], values: bool = True) -> str | None:
    """How an outcome differs from the reference's; `allowed` are the kinds of error that agree with its refusal."""
    if isinstance(wanted, Refused):
        if ANYTHING in allowed or (isinstance(got, Refused) and got.kinds & allowed):
            return None
        return "is not refused" if isinstance(got, list) else "is refused with another kind of error"
    if isinstance(got, Refused):
        return "is refused"
    if len(wanted) != len(got):
        return f"gives {len(got)} results, not {len(wanted)}"
    return next(
        (found for one, other in zip(wanted, got, strict=True) if (found := _between(one, other, values))), None
    )


def _between(wanted: Array, got: Array, values: bool) -> str | None:
    if wanted.dtype != got.dtype:
        return f"has dtype {got.dtype}, not {wanted.dtype}"
    if wanted.shape != got.shape:
        return f"has shape {got.shape}, not {wanted.shape}"
    if not values:
        return None
    tolerance = TOLERANCES.get(wanted.dtype.name)
    if tolerance is None:
        return None if np.array_equal(wanted, got) else "has other values"
    wide = "complex128" if wanted.dtype.kind == "c" else "float64"
    close = np.allclose(got.astype(wide), wanted.astype(wide), tolerance, tolerance, equal_nan=True)
    return None if close else "has other values"


def static_difference(wanted: Spec, got: Spec) -> str | None:
    """How a symbol's spec differs from the reference's: it neither contradicts it nor knows less."""
    if wanted.dtype != got.dtype:
        return f"is a symbol of dtype {got.dtype}, not {wanted.dtype}"
    if not compatible(wanted.shape, got.shape):
        return f"is a symbol of shape {got.shape}, not {wanted.shape}"
    if wanted.shape is not None and (
        got.shape is None or any(a is not None and b is None for a, b in zip(wanted.shape, got.shape, strict=True))
    ):
        return f"is a symbol of which less is known: {got.shape}, of the reference's {wanted.shape}"
    return None
