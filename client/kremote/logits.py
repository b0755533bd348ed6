"""Logits: what an output of sigmoid or softmax was computed from, which the cross entropies take instead of it."""

from __future__ import annotations

import warnings
from typing import Any

from kremote_proto.op import Op

from .tensor import Tensor


def keep_logits(op: Op, arguments: dict[str, Any], result: Any) -> Any:
    """The result of an op; that of an activation keeps its logits, by tf_keras's name."""
    if op.logits is not None:
        result._keras_logits = arguments[op.logits]
    return result


def with_logits(op: Op, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call; a cross entropy's with the logits that its output keeps, if any."""
    output = arguments.get("output") if op.uses_logits else None
    logits = getattr(output, "_keras_logits", None) if isinstance(output, Tensor) else None
    if logits is None:
        return arguments
    if arguments.get("from_logits"):
        warnings.warn(
            f"{op.name}: expected logits, since from_logits is True; got a result of sigmoid or softmax, "
            "of which the logits are taken",
            stacklevel=4,
        )
    return arguments | {"output": logits, "from_logits": True}
