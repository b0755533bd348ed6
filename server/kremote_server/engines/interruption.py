"""Interrupting what a session runs, from another thread: between two instructions, or inside where an engine can."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kremote_proto.errors import Interrupted, KremoteError, error_from_wire


class Interruption:
    """Which of a session's requests are to stop: all those that had come when it was asked for, and none later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals = itertools.count(1)
        self._arrived = self._stopped = 0
        self._current = 1
        self._cancel: Callable[[], None] | None = None
        #: The number of a request that takes too long, and its error.
        self._overrun: tuple[int, KremoteError] | None = None

    def arrive(self) -> int:
        """Say that a request came, which may have to wait; its number."""
        with self._lock:
            self._arrived = next(self._arrivals)
            return self._arrived

    def begin(self, number: int) -> None:
        """Say that a request's turn came."""
        self._current = number

    def request(self) -> None:
        """Stop what runs and what waits."""
        with self._lock:
            self._stopped = self._arrived
        cancel = self._cancel
        if cancel is not None:
            cancel()

    def overrun(self, number: int, error: KremoteError) -> None:
        """Stop one request, with an error of its own."""
        self._overrun = number, error
        cancel = self._cancel
        if cancel is not None and self._current == number:
            cancel()

    def check(self) -> None:
        """Raise where the request at hand is to stop: `Interrupted`, or the error of one that takes too long."""
        if self._overrun is not None and self._overrun[0] == self._current:
            raise error_from_wire(self._overrun[1].to_wire())
        if self._current <= self._stopped:
            raise Interrupted("interrupted by its user", hint="run it again: what was done before it is kept")

    @contextmanager
    def cancelled_by(self, cancel: Callable[[], None]) -> Iterator[None]:
        """Have an interruption cancel what runs inside; raises as `check` where there was one."""
        self._cancel = cancel
        try:
            self.check()
            yield
        except Exception:
            self.check()
            raise
        finally:
            self._cancel = None


#: That of the session whose instructions run here.
current: ContextVar[Interruption | None] = ContextVar("kremote_interruption", default=None)
