"""Bounds that both sides check: the client at the call, the server before memory is taken."""

from __future__ import annotations

import functools
import math

from .errors import LimitExceeded, ResultTooLarge
from .specs import Spec
from .tensors import MOST_AXES

#: Numbers of elements that engines still count in 64 bits, and of rows without elements that they share out.
MOST_ELEMENTS = 2**59
MOST_EMPTY_ROWS = 2**31

#: How many templates a session keeps.
MOST_TEMPLATES = 256


@functools.lru_cache(1 << 12)  # the same specs pass again and again
def check_tensor_bytes(spec: Spec, most: int) -> None:
    """Refuse a dense tensor of more bytes than `most`, or of more axes or elements than can be counted.

    A spec that does not tell passes.

    >>> check_tensor_bytes(Spec("float32", (10**9, 10**9)), 4 << 30)
    Traceback (most recent call last):
    kremote_proto.errors.ResultTooLarge: expected a result of at most 4294967296 bytes; ...
    """
    if not spec.sparse and spec.bytes is not None and spec.bytes > most:
        raise ResultTooLarge(
            f"expected a result of at most {most} bytes; {spec} would take {spec.bytes}",
            hint="work on a part at a time, or ask the server's owner for a higher tensor_bytes",
        )
    _check_countable(spec)


def _check_countable(spec: Spec) -> None:
    """Refuse a shape that engines cannot hold, however many elements it has."""
    if spec.ndim is not None and spec.ndim > MOST_AXES:
        raise LimitExceeded(f"expected a result of at most {MOST_AXES} axes; got {spec.ndim}")
    most = MOST_EMPTY_ROWS if spec.size == 0 else MOST_ELEMENTS
    if not spec.sparse and math.prod(length for length in spec.shape or () if length) >= most:
        raise ResultTooLarge(f"expected a result whose lengths, but 0, multiply to less than {most}; got {spec}")
