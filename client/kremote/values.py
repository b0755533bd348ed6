"""What a client knows of one value on the server."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import InvalidType, KremoteError
from kremote_proto.messages import Result
from kremote_proto.shapes import compatible, merge
from kremote_proto.specs import Spec

if TYPE_CHECKING:
    from .session import Session
    from .tracing import Trace


class Value:
    """One id of the session. It frees the id when the last handle of it is gone.

    A variable that somebody else made has no id here, but a name.
    """

    __slots__ = (
        "__weakref__",
        "deferred",
        "error",
        "frees",
        "home",
        "id",
        "items",
        "kind",
        "name",
        "session",
        "spec",
        "symbolic",
        "trace",
        "wanted_name",
    )

    def __init__(self, session: Session, identifier: int | None, frees: deque[int], spec: Spec | None = None) -> None:
        self.session = session
        self.id = identifier
        #: The server's session the id belongs to; `K.clear_session` leaves it behind.
        self.home = session.id
        self.frees = frees
        self.spec = spec
        self.symbolic = False
        #: Whether ops with it make symbols all the same: so it is with variables of Keras, whose graph reads them.
        self.deferred = False
        #: Of an op with several results: their specs, once known.
        self.items: list[Spec | None] | None = None
        self.kind: str | None = None
        #: The name the server gave, and the one asked for.
        self.name: str | None = None
        self.wanted_name: str | None = None
        self.error: KremoteError | None = None
        #: The trace of a callable that made this symbol.
        self.trace: Trace | None = None

    def settle(self, result: Result) -> None:
        """Take in what the server said of the value."""
        self.spec = _joined(self.spec, result.spec)
        self.items = result.items
        self.kind = result.kind
        self.name = result.name or self.name
        self.symbolic = self.symbolic or result.symbolic

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise InvalidType(
            "expected something that can be copied or pickled; got a handle, whose value is on the server",
            hint="copy the array: K.eval(x); handles of one value may be shared as they are",
        )

    def __del__(self) -> None:
        # A finalizer may run anywhere, also while the queue's lock is held: it appends, and nothing else.
        if self.id is not None:
            self.frees.append(self.id)


def _joined(known: Spec | None, told: Spec | None) -> Spec | None:
    """What the server says of a value, with the lengths that are known here only."""
    if known is None or told is None or not compatible(known.shape, told.shape):
        return told or known
    return replace(told, shape=merge(told.shape, known.shape), lengths=known.lengths)
