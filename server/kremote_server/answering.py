"""Who answers on leased connections: one thread for all, and another as soon as a request takes it long.

Many threads that each answer small requests take Python's lock from each other at every system call: on two cores a
request then costs 290 microseconds of processor time instead of 190. One thread that leads, until another has to, is
the pattern "leader/followers" (Schmidt et al., Pattern-Oriented Software Architecture, volume 2).
"""

from __future__ import annotations

import selectors
import threading
import time

from .leased import Leased

#: Who is at one request for longer leads no more.
_LONG_SECONDS = 0.001
#: How often that is looked at while requests come, and for how long after the last one.
_LOOK_SECONDS, _LOOKS = 0.002, 50


class Answering:
    """Answers what comes on all leased connections of a worker."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        #: For everything below. A lease that is being answered is left alone by all other threads.
        self._lock = threading.Lock()
        self._finished = threading.Condition(self._lock)
        self._leader: threading.Thread | None = None
        #: What the leader answers, and since when.
        self._current: Leased | None = None
        self._since = 0.0
        self._requests = 0
        self._watched = threading.Event()
        self._watcher: threading.Thread | None = None

    def serve(self, lease: Leased, seconds: float) -> None:
        """Answer on a lease's connection until something else comes, so many seconds went by, or it is recalled."""
        self._add(lease)
        lease.wait(seconds)
        with self._lock:
            while lease.busy:
                self._finished.wait()
            over = lease.over
            if not over:
                self._selector.unregister(lease.client)
                lease.over = True
        if not over:
            lease.hand_back()

    def _add(self, lease: Leased) -> None:
        with self._lock:
            self._selector.register(lease.client, selectors.EVENT_READ, lease)
            if self._leader is None:
                self._lead()
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="watcher of leases", daemon=True)
                self._watcher.start()
        self._watched.set()

    def _lead(self) -> None:
        self._leader = threading.Thread(target=self._answer, name="leader of leases", daemon=True)
        self._leader.start()

    def _answer(self) -> None:
        """Lead, until another thread does."""
        while True:
            for key, _ in self._selector.select():
                if not self._answer_one(key.data):
                    return

    def _answer_one(self, lease: Leased) -> bool:
        """Answer a lease that something came for; whether this thread still leads."""
        with self._lock:
            if lease.over or lease.busy:
                return True
            lease.busy, self._current, self._since = True, lease, time.monotonic()
            self._requests += 1
        if not self._watched.is_set() and len(self._selector.get_map()) > 1:
            self._watched.set()
        goes_on = lease.answer()
        with self._lock:
            leads = self._leader is threading.current_thread()
            if leads:
                self._current = None
            lease.busy, lease.over = False, not goes_on
            if goes_on and not leads:
                self._selector.register(lease.client, selectors.EVENT_READ, lease)
            elif leads and not goes_on:
                self._selector.unregister(lease.client)
            self._finished.notify_all()
        if not goes_on:
            lease.hand_back()
        return leads

    def _watch(self) -> None:
        """Have another thread lead where one request takes long."""
        while True:
            self._watched.wait()
            seen, looks = self._requests, 0
            while looks < _LOOKS or self._current is not None:
                time.sleep(_LOOK_SECONDS)
                looks = looks + 1 if seen == self._requests else 0
                seen = self._requests
                self._relieve()
            self._watched.clear()
            if seen != self._requests:  # one came just now, and saw that it was watched
                self._watched.set()

    def _relieve(self) -> None:
        with self._lock:
            if self._current is not None and time.monotonic() - self._since > _LONG_SECONDS:
                # Its thread answers to the end, and then puts the connection back.
                self._selector.unregister(self._current.client)
                self._current = None
                self._lead()
