"""What a profile is made of: exchanges with the server, and waits of the program for them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..location import calling_location

if TYPE_CHECKING:
    from .profile import Profile

#: The profiles that record now.
recording: list[Profile] = []

#: One entry of a Server-Timing header that has a duration, https://www.w3.org/TR/server-timing/.
_ENTRY = re.compile(r"\s*([\w-]+)[^,]*?;\s*dur=([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply. Times are seconds of `time.perf_counter`."""

    began: float
    ended: float
    bytes_sent: int
    bytes_received: int
    #: Seconds the server said it waited for the session's turn, and worked.
    queue: float = 0.0
    compute: float = 0.0

    @property
    def seconds(self) -> float:
        """The time from the first byte sent to the last received."""
        return self.ended - self.began

    @property
    def network(self) -> float:
        """The part that is neither queue nor compute: the way there and back, and the server's own handling."""
        return max(self.seconds - self.queue - self.compute, 0.0)


@dataclass(frozen=True, slots=True)
class Wait:
    """A line of the program that waited for the server."""

    location: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it waited."""
        return self.ended - self.began


def exchanged(began: float, bytes_sent: int, bytes_received: int, headers: Mapping[str, str]) -> None:
    """Take note of an exchange that ended now."""
    if not recording:
        return
    said = timings(headers.get("server-timing", ""))
    one = Exchange(
        began, time.perf_counter(), bytes_sent, bytes_received, said.get("queue", 0.0), said.get("compute", 0.0)
    )
    for profile in recording:
        profile.exchanges.append(one)


@contextmanager
def waiting() -> Iterator[None]:
    """Do what is inside as a wait of the line of the program that is running."""
    if not recording:
        yield
        return
    location, began = calling_location() or "in the background", time.perf_counter()
    try:
        yield
    finally:
        one = Wait(location, began, time.perf_counter())
        for profile in recording:
            profile.waits.append(one)


def timings(header: str) -> dict[str, float]:
    """The durations of a Server-Timing header, in seconds.

    >>> timings('queue;dur=0.5, compute;desc="on the device";dur=12')
    {'queue': 0.0005, 'compute': 0.012}
    """
    return {name: float(milliseconds) / 1e3 for name, milliseconds in _ENTRY.findall(header)}
