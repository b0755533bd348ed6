"""What a client knows of one value on the server."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import InvalidType, KremoteError
from kremote_proto.messages import Result
from kremote_proto.shapes import compatible, merge
from kremote_proto.specs import Spec

from .keys import Key, key_of

if TYPE_CHECKING:
    from .program_queue import ProgramQueue
    from .session import Session
    from .tracing import Trace


class Value:
    """One id of the session. It frees the id when the last handle of it is gone.

    A variable that somebody else made has no id here (0), but a name. What few values have is an attribute of the class
    until it is set, so that making one of a million stays cheap.
    """

    #: Of an op with several results: their specs, once known.
    items: list[Spec | None] | None = None
    #: The name the server gave, and the one asked for.
    name: str | None = None
    wanted_name: str | None = None
    #: The trace of a callable that made this symbol.
    trace: Trace | None = None
    _symbolic = False
    _deferred = False

    def __init__(self, queue: ProgramQueue, identifier: int, spec: Spec | None, key: Key | None) -> None:
        self.queue = queue
        self.id = identifier
        #: Where the id goes in the end; a forked child's queue has another, for its parent's ids are not its to free.
        self.frees = queue.frees
        self._spec = spec
        #: What calls of concrete values of this spec have in common; None where a call must look closer.
        self.key = key

    @property
    def session(self) -> Session:
        """The session the value lives in."""
        return self.queue.session

    @property
    def spec(self) -> Spec | None:
        """dtype and static shape as far as they are known."""
        return self._spec

    @spec.setter
    def spec(self, spec: Spec | None) -> None:
        self._spec = spec
        self._look_again()

    @property
    def symbolic(self) -> bool:
        """Whether the value stands for a computation not yet fed."""
        return self._symbolic

    @symbolic.setter
    def symbolic(self, symbolic: bool) -> None:
        if symbolic != self._symbolic:
            self._symbolic = symbolic
            self._look_again()

    @property
    def deferred(self) -> bool:
        """Whether ops with it make symbols all the same: so it is with variables of Keras, whose graph reads them."""
        return self._deferred

    @deferred.setter
    def deferred(self, deferred: bool) -> None:
        self._deferred = deferred
        self._look_again()

    @property
    def error(self) -> KremoteError | None:
        """What its instruction failed with."""
        return self.queue.errors.get(self.id)

    def item_key(self, item: int) -> Key | None:
        """The key of one of several results."""
        return None if self._symbolic or self.items is None else key_of(self.items[item])

    def _look_again(self) -> None:
        self.key = None if self._symbolic or self._deferred or not self.id else key_of(self._spec)

    def settle(self, result: Result) -> None:
        """Take in what the server said of the value."""
        self.items = result.items
        self.name = result.name or self.name
        self.symbolic = self.symbolic or result.symbolic
        self.spec = _joined(self.spec, result.spec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise InvalidType(
            "expected something that can be copied or pickled; got a handle, whose value is on the server",
            hint="copy the array: K.eval(x); handles of one value may be shared as they are",
        )

    def __del__(self) -> None:
        # A finalizer may run anywhere, also while the queue's lock is held: it appends, and nothing else.
        if self.id:
            self.frees.append(self.id)


def _joined(known: Spec | None, told: Spec | None) -> Spec | None:
    """What the server says of a value, with the lengths that are known here only."""
    if known is None or told is None or not compatible(known.shape, told.shape):
        return told or known
    return replace(told, shape=merge(told.shape, known.shape), lengths=known.lengths)
