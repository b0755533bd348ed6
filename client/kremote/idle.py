"""A thread that sends what nobody asks for: a lone `K.update`, and the frees of values that were dropped."""

from __future__ import annotations

import threading
import time
import weakref

from .program_queue import ProgramQueue

#: How long dropped values may keep the server's memory when no program goes there.
FREE_SECONDS = 5.0


class IdleFlush:
    """Flushes a queue once nothing was added for a while."""

    def __init__(self, queue: ProgramQueue, seconds: float) -> None:
        self._seconds = seconds
        self._stopped = False
        self._added = threading.Event()
        self._queue = weakref.ref(queue)
        self._thread: threading.Thread | None = None

    def notice(self) -> None:
        """Say that something was added."""
        if not self._seconds:
            return
        if not self._added.is_set():
            self._added.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="kremote-idle", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopped = True
        self._added.set()

    def reset(self) -> None:
        """Start over in a forked child, where the thread does not exist."""
        self._added = threading.Event()
        self._thread = None

    def _watch(self) -> None:
        while True:
            added = self._added.wait(FREE_SECONDS)
            self._added.clear()
            if added:
                time.sleep(self._seconds)
            queue = self._queue()
            if queue is None or self._stopped:
                return
            # Frees alone wait for a program to ride with, so that a step that takes its time is one request.
            if not self._added.is_set() and (queue.waiting or not added):
                queue.flush_quietly()
            del queue
