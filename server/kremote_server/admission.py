"""Admission: how many requests of one user are under way, and how many more may come now.

A lease goes past the gateway, so what it may have goes with it: it is lent so many requests as the user has left, and
what it did not use comes back with it. While a user has as many requests and leases as requests may be under way, no
connection is lent, and so each request is counted here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kremote_proto.errors import TooManyRequests

from .framing import LEASE_REQUESTS

#: Of what a user has left a lease gets this part, so that the user's other connections go on.
_PART = 0.5


@dataclass(slots=True)
class _Use:
    """What one user has under way, and how many requests more may come now."""

    requests: int = 0
    leases: int = 0
    left: float = 0.0
    at: float = 0.0


@dataclass(slots=True)
class Allowance:
    """How many requests a lease may have, and how many of these it had."""

    most: int
    used: int = 0


class Admission:
    """Lets requests in as long as their user has not too many. It is for one event loop."""

    def __init__(self, at_a_time: int, per_second: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_a_time = at_a_time
        self._per_second = per_second
        #: What comes at once after a pause.
        self._burst = max(per_second, 1.0)
        self._clock = clock
        self._users: dict[str, _Use] = {}
        #: Told of each refusal: the name of the bound.
        self.on_refusal: Callable[[str], None] = lambda bound: None

    @contextmanager
    def admitted(self, user: str) -> Iterator[None]:
        """Let a request in for as long as the block takes; raises `TooManyRequests`."""
        use = self._use(user)
        if use.requests >= self._at_a_time:
            self.on_refusal("requests_per_user")
            raise TooManyRequests(
                f"expected at most {self._at_a_time} requests of a user under way; {user} has as many",
                hint="ask again when one was answered, or have the server's owner raise requests_per_user",
            )
        if self._per_second:
            self._take_one(use)
        use.requests += 1
        try:
            yield
        finally:
            use.requests -= 1

    def under_way(self, user: str) -> int:
        """How many requests of a user are under way; a lent connection has one at most."""
        use = self._users.get(user)
        return 0 if use is None else use.requests + use.leases

    def may_lend(self, user: str) -> bool:
        """Whether a connection of a user may be lent now."""
        use = self._use(user)
        return use.requests + use.leases < self._at_a_time and self._portion(use) > 0

    @contextmanager
    def lent(self, user: str) -> Iterator[Allowance]:
        """Lend a connection; what its requests are allowed, of which the block says how many there were."""
        use = self._use(user)
        allowance = Allowance(max(self._portion(use), 1))
        use.leases += 1
        if self._per_second:
            use.left -= allowance.most
        try:
            yield allowance
        finally:
            use.leases -= 1
            if self._per_second:
                use.left += allowance.most - allowance.used

    def _take_one(self, use: _Use) -> None:
        if use.left < 1:
            self.on_refusal("requests_per_second")
            error = TooManyRequests(
                f"expected at most {self._per_second:g} requests of a user in a second; more came",
                hint="send several instructions in one program, or have the server's owner raise requests_per_second",
            )
            error.retry_after = (1 - use.left) / self._per_second
            raise error
        use.left -= 1

    def _portion(self, use: _Use) -> int:
        return min(LEASE_REQUESTS, math.floor(use.left * _PART)) if self._per_second else LEASE_REQUESTS

    def _use(self, user: str) -> _Use:
        """A user's use as it is now; what may come grows with the time."""
        now = self._clock()
        use = self._users.get(user)
        if use is None:
            use = self._users[user] = _Use(left=self._burst, at=now)
        use.left = min(use.left + (now - use.at) * self._per_second, self._burst)
        use.at = now
        return use
