"""The learning phase: 0 for test, 1 for train; in graph mode a symbol, until it is set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kremote_proto.errors import InvalidValue
from kremote_proto.ops import graph

from .current import current_session
from .graph_mode import in_graph_mode
from .tracing import current_trace, outside_traces

#: What `K.set_learning_phase` said, None where it said nothing.
_fixed: int | None = None


def learning_phase() -> Any:
    """The learning phase: 0 for test, 1 for train.

    Returns:
        A number; in graph mode, unless `K.set_learning_phase` fixed it, a boolean symbol: a function with it among its
        inputs is fed the phase, any other runs in test phase.

    Example:
        >>> K.learning_phase()
        0
        >>> K.symbolic(K.learning_phase)()
        <kremote.Placeholder 'keras_learning_phase' shape=() dtype=bool symbolic>
    """
    if _fixed is not None:
        return _fixed
    trace = current_trace()
    if not (trace.in_graph_mode if trace is not None else in_graph_mode()):
        return 0
    if trace is not None:
        trace.note_learning_phase()
    return _symbol()


def _symbol() -> Any:
    """The session's symbol of the phase, made when it is first asked for."""
    session = current_session()
    if "learning_phase" not in session.symbols:
        with outside_traces():
            session.symbols["learning_phase"] = graph.with_default(np.array(False), name="keras_learning_phase")
    return session.symbols["learning_phase"]


def set_learning_phase(value: int) -> None:
    """Fix the learning phase.

    Args:
        value: 0 (test) or 1 (train).

    Raises:
        ValueError: for any other value.

    Example:
        >>> K.set_learning_phase(1)
        >>> K.learning_phase()
        1
    """
    global _fixed
    _fixed = _checked(value)


@contextmanager
def learning_phase_scope(value: int) -> Iterator[None]:
    """A learning phase for a while: that of before comes back at the end.

    Args:
        value: 0 (test) or 1 (train).

    Raises:
        ValueError: for any other value.

    Example:
        >>> with K.learning_phase_scope(1):
        ...     K.learning_phase()
        1
        >>> K.learning_phase()
        0
    """
    global _fixed
    wanted = _checked(value)
    before, _fixed = _fixed, wanted
    try:
        yield
    finally:
        _fixed = before


def reset_learning_phase() -> None:
    """Go back to a learning phase that nobody fixed."""
    global _fixed
    _fixed = None


def _checked(value: Any) -> int:
    if not isinstance(value, int | np.integer | np.bool_) or value not in (0, 1):
        raise InvalidValue(f"expected a learning phase, 0 or 1; got {value!r}")
    return int(value)
