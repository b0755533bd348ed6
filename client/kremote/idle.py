"""A thread that sends a queue nobody asks anything of, so that a lone `K.update` reaches the server."""

from __future__ import annotations

import threading
import time
import weakref

from .program_queue import ProgramQueue


class IdleFlush:
    """Flushes a queue once nothing was added for a while."""

    def __init__(self, queue: ProgramQueue, seconds: float) -> None:
        self._seconds = seconds
        self._added = threading.Event()
        self._queue = weakref.ref(queue, lambda _: self._added.set())
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

    def reset(self) -> None:
        """Start over in a forked child, where the thread does not exist."""
        self._added = threading.Event()
        self._thread = None

    def _watch(self) -> None:
        while True:
            self._added.wait()
            self._added.clear()
            time.sleep(self._seconds)
            queue = self._queue()
            if queue is None:
                return
            if queue.waiting and not self._added.is_set():
                queue.flush_quietly()
            del queue
