"""A thread that sends programs while calls go on, and what nobody asks for: a lone `K.update`, dropped values."""

from __future__ import annotations

import threading
import weakref

from .program_queue import ProgramQueue

#: How long dropped values may keep the server's memory when no program goes there.
FREE_SECONDS = 5.0


class Sender:
    """Sends a queue's programs once they are complete, and the last one once nothing was added for a while."""

    def __init__(self, queue: ProgramQueue, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._stopped = False
        self._woken = threading.Event()
        self._queue = weakref.ref(queue)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._serve(queue)

    def _serve(self, queue: ProgramQueue) -> None:
        queue.wake, queue.notice, queue.quiet = self.wake, self.notice, True

    def notice(self) -> None:
        """Say that something was added after a pause."""
        queue = self._queue()
        if queue is not None and self._idle_seconds:
            queue.quiet = False
            self.wake()

    def wake(self) -> None:
        """Have the thread look at what waits."""
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._stopped:
                    self._thread = threading.Thread(target=self._watch, name="kremote-sender", daemon=True)
                    self._thread.start()
        self._woken.set()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopped = True
        self._woken.set()

    def reset(self) -> None:
        """Start over in a forked child, where the thread does not exist."""
        self._woken = threading.Event()
        self._starting = threading.Lock()
        self._thread = None
        queue = self._queue()
        if queue is not None:
            self._serve(queue)

    def _watch(self) -> None:
        seen = None
        pausing = False
        while True:
            woken = self._woken.wait(FREE_SECONDS if pausing else self._idle_seconds or None)
            self._woken.clear()
            queue = self._queue()
            if queue is None or self._stopped:
                return
            queue.send_waiting()
            pausing = not woken and (pausing or queue.progress == seen) and self._pause(queue, pausing)
            seen = queue.progress
            del queue

    def _pause(self, queue: ProgramQueue, pausing: bool) -> bool:
        """Send the rest, as nothing was added for a while; whether to sleep until something is."""
        # Frees alone wait for a program to ride with, so that a step that takes its time is one request.
        reachable = not (queue.waiting or pausing) or queue.flush_quietly() is None
        queue.print_out()
        queue.quiet = True
        return not (reachable and queue.waiting)
