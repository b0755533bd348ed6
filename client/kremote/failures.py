"""Errors that came back after the line that caused them had long run."""

from __future__ import annotations

from collections import OrderedDict, deque

from kremote_proto.errors import Interrupted, KremoteError, error_from_wire

#: How many errors wait to be raised, and how many are remembered as the cause of others.
_MOST = 1000


def again(error: KremoteError) -> KremoteError:
    """A fresh copy, so that raising it twice does not pile up tracebacks."""
    copy = error_from_wire(error.to_wire())
    copy.location = error.location
    return copy


class Failures:
    """Errors in program order, each to be raised once."""

    def __init__(self) -> None:
        self._waiting: deque[KremoteError] = deque(maxlen=_MOST)
        self._first: OrderedDict[int, KremoteError] = OrderedDict()
        #: Whether somebody here interrupted what was sent: that it was is then no news, except where it is used.
        self.interrupted = False

    def record(self, identifier: int, error: KremoteError, location: str | None) -> KremoteError:
        """Take in an instruction's error; the error its value stands for: its own, or the first cause."""
        if error.cause is not None and error.cause in self._first:
            return self._first[error.cause]
        error.location = location
        self._first[identifier] = error
        if len(self._first) > _MOST:
            self._first.popitem(last=False)
        if error.cause is None:
            self._waiting.append(error)
        return error

    def first_cause(self, error: KremoteError) -> KremoteError:
        """The recorded error another one names as its cause, else itself."""
        return self._first.get(error.cause or 0, error)

    def add(self, error: KremoteError) -> None:
        """Keep an error that came up where nobody could be told."""
        self._waiting.append(error)

    def seen(self, error: KremoteError) -> KremoteError:
        """A copy of an error that is raised now, so not once more later."""
        if error in self._waiting:
            self._waiting.remove(error)
        return again(error)

    def raise_next(self) -> None:
        """Raise the earliest error not raised yet."""
        if self.interrupted:
            self.interrupted = False
            for error in [error for error in self._waiting if isinstance(error, Interrupted)]:
                self._waiting.remove(error)
        if self._waiting:
            raise again(self._waiting.popleft())

    def drain(self) -> list[KremoteError]:
        """The errors nobody has seen."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting
