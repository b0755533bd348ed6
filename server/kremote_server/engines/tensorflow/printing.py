"""`print_tensor`: lines for the person at the client, not for the server's console."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np
import tensorflow as tf

#: Where the running session's lines go.
sink: ContextVar[list[str]] = ContextVar("sink")


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Print when run, eagerly or inside a function, and hand the tensor on."""
    lines = sink.get([])

    def show(value: Any) -> None:
        edges = value.size if summarize < 0 else summarize
        shown = np.array2string(value, threshold=2 * max(edges, 1), edgeitems=max(edges, 1))
        between = "" if not message or message[-1].isspace() else " "
        lines.append(f"{message}{between}{shown}")

    tensor = tf.convert_to_tensor(x)
    tf.numpy_function(show, [tensor], [])
    return tf.identity(tensor)
