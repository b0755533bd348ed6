"""What a call is made in besides its session: graph mode, a trace, symbols that come first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dependencies import Dependencies
    from .tracing import Trace


@dataclass(frozen=True, slots=True)
class Situation:
    """What holds in this thread, or this task."""

    graph_mode: bool = False
    #: The run of a callable on placeholders that the calls are part of.
    trace: Trace | None = None
    #: The symbols that what is computed here comes after.
    dependencies: Dependencies | None = None


#: Nothing special: the one object of its kind, so that a call asks for it at the price of one look.
PLAIN = Situation()

current_situation: ContextVar[Situation] = ContextVar("kremote_situation", default=PLAIN)


@contextmanager
def situation(**changes: Any) -> Iterator[None]:
    """Change some of what holds here for a while."""
    wanted = replace(current_situation.get(), **changes)
    token = current_situation.set(PLAIN if wanted == PLAIN else wanted)
    try:
        yield
    finally:
        current_situation.reset(token)


def nothing_special() -> AbstractContextManager[None]:
    """Have calls take effect at once, whatever holds around."""
    return situation(graph_mode=False, trace=None, dependencies=None)
