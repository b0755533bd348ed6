"""Bounds that both sides check: the client at the call, the server before memory is taken."""

from __future__ import annotations

from .errors import ResultTooLarge
from .specs import Spec


def check_tensor_bytes(spec: Spec, most: int) -> None:
    """Refuse a dense tensor of more bytes than `most`; a spec that does not tell passes.

    >>> check_tensor_bytes(Spec("float32", (10**9, 10**9)), 4 << 30)
    Traceback (most recent call last):
    kremote_proto.errors.ResultTooLarge: expected a result of at most 4294967296 bytes; ...
    """
    if not spec.sparse and spec.bytes is not None and spec.bytes > most:
        raise ResultTooLarge(
            f"expected a result of at most {most} bytes; {spec} would take {spec.bytes}",
            hint="work on a part at a time, or ask the server's owner for a higher tensor_bytes",
        )
