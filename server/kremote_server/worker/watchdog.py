"""Ends requests that compute for too long: by an interruption, and if that is not enough, with the worker.

TensorFlow has no way to stop most ops. Then the one who asked is told, on the way that the reply would have gone, and
the process ends: whoever else had a session here has it again from its journal, in which the request never was.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kremote_proto.errors import TimeExceeded

from ..link_messages import Request, error_reply
from .session import Session

log = logging.getLogger(__name__)

#: The exit status that says so to the gateway's pool, which has it under the same name.
OVERRUN = 124
#: How often running requests are looked at: a part of what they may take, within bounds.
_PART, _SHORTEST, _LONGEST = 10, 0.02, 1.0


@dataclass(eq=False)
class _Run:
    """A request that computes."""

    session: Session
    request: Request
    arrival: int
    began: float
    interrupted: bool = False


class Watchdog:
    """Looks at the requests of a worker that compute."""

    def __init__(self, most_seconds: float, grace_seconds: float, end: Callable[[int], None] = os._exit) -> None:
        """Let a request compute for so long (0: as long as it likes), and then go on for so long until it is ended."""
        self._most = most_seconds
        self._grace = grace_seconds
        self._end = end
        self._runs: dict[int, _Run] = {}
        self._numbers = itertools.count()
        if most_seconds:
            threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextmanager
    def watching(self, session: Session, request: Request, arrival: int) -> Iterator[None]:
        """Look at a request for as long as the block takes; `arrival` is its number among the session's."""
        if not self._most:
            yield
            return
        number = next(self._numbers)
        self._runs[number] = _Run(session, request, arrival, time.monotonic())
        try:
            yield
        finally:
            if self._runs.pop(number, None) is None:
                threading.Event().wait()  # its reply was made elsewhere, and the process ends

    def _watch(self) -> None:
        pause = min(max(self._most / _PART, _SHORTEST), _LONGEST)
        while True:
            time.sleep(pause)
            for number, run in list(self._runs.items()):
                seconds = time.monotonic() - run.began
                if seconds > self._most and not run.interrupted:
                    run.interrupted = True
                    log.warning("a request of session %s computes for too long: stopping it", run.session.id[:6])
                    run.session.state.interruption.overrun(run.arrival, self._error(seconds))
                if seconds > self._most + self._grace and self._runs.pop(number, None) is run:
                    self._end_worker(run, seconds)

    def _end_worker(self, run: _Run, seconds: float) -> None:
        log.error("a request of session %s does not stop: ending the worker", run.session.id[:6])
        error = self._error(seconds)
        error.message += "; nothing else stopped it, so its worker was ended, and nothing was done of the request"
        try:
            if run.request.abandon is not None:
                run.request.abandon(error_reply(error, run.request.head.get("accept")))
        except OSError as broken:
            log.info("who asked for it is gone: %s", broken)
        finally:
            self._end(OVERRUN)

    def _error(self, seconds: float) -> TimeExceeded:
        return TimeExceeded(
            f"expected a request that computes for at most {self._most:g} s; it was stopped after {seconds:.1f} s",
            hint="do the work in smaller parts, or ask the server's owner for a higher op_seconds",
        )
