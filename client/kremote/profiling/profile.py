"""`K.profile`: a record of what a program asked of its server, and of what it waited for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import picture, table
from .events import Exchange, Wait, recording


@dataclass
class Share:
    """Seconds of waiting by what they were spent on."""

    queue: float = 0.0
    compute: float = 0.0
    network: float = 0.0

    def add(self, exchange: Exchange, fraction: float) -> None:
        """Count a fraction of an exchange."""
        self.queue += exchange.queue * fraction
        self.compute += exchange.compute * fraction
        self.network += exchange.network * fraction


@dataclass
class Line:
    """What one line of the program waited for."""

    location: str
    waits: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    share: Share = field(default_factory=Share)


class Profile:
    """What a program asked of its server while the profile recorded.

    Print it for a table, show it in a notebook for a picture; the attributes have the figures.
    """

    def __init__(self) -> None:
        self.began = self.ended = time.perf_counter()
        #: Every request with its reply, in the order they ended.
        self.exchanges: list[Exchange] = []
        #: Every time a line waited for the server.
        self.waits: list[Wait] = []

    def __enter__(self) -> Profile:
        self.began = self.ended = time.perf_counter()
        self.exchanges.clear()
        self.waits.clear()
        recording.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        recording.remove(self)
        self.ended = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long it recorded."""
        return (time.perf_counter() if self in recording else self.ended) - self.began

    @property
    def round_trips(self) -> int:
        """How many requests were answered."""
        return len(self.exchanges)

    @property
    def bytes_sent(self) -> int:
        """Bytes of the requests' bodies."""
        return sum(exchange.bytes_sent for exchange in self.exchanges)

    @property
    def bytes_received(self) -> int:
        """Bytes of the replies' bodies."""
        return sum(exchange.bytes_received for exchange in self.exchanges)

    @property
    def waited(self) -> float:
        """Seconds the program waited for the server; the rest is the program's own."""
        return sum(wait.seconds for wait in self.waits)

    @property
    def share(self) -> Share:
        """The seconds waited, by what they were spent on."""
        return share_of(self.waits, self.exchanges)

    @property
    def lines(self) -> list[Line]:
        """The lines that waited, the longest first."""
        waits: dict[str, list[Wait]] = {}
        for wait in self.waits:
            waits.setdefault(wait.location, []).append(wait)
        return sorted((self._line(*item) for item in waits.items()), key=lambda line: -line.seconds)

    def _line(self, location: str, waits: list[Wait]) -> Line:
        seconds = [wait.seconds for wait in waits]
        return Line(location, len(waits), sum(seconds), max(seconds), share_of(waits, self.exchanges))

    def __str__(self) -> str:
        return table.rendered(self)

    def __repr__(self) -> str:
        return f"<kremote.Profile {self.round_trips} round trips in {self.seconds:.3g} s>"

    def _repr_html_(self) -> str:
        return picture.rendered(self)


def share_of(waits: Iterable[Wait], exchanges: Iterable[Exchange]) -> Share:
    """What waits were spent on: of each exchange as much as fell into them."""
    share = Share()
    begun, first = sorted(exchanges, key=lambda one: one.began), 0
    for wait in sorted(waits, key=lambda one: one.began):
        while first < len(begun) and begun[first].ended <= wait.began:
            first += 1
        for position in range(first, len(begun)):
            exchange = begun[position]
            if exchange.began >= wait.ended:
                break
            overlap = min(exchange.ended, wait.ended) - max(exchange.began, wait.began)
            if overlap > 0:
                share.add(exchange, overlap / exchange.seconds)
    return share


def profile() -> Profile:
    """Record round trips, bytes and waits of what runs inside.

    Returns:
        A context manager that gives the profile. Printed it is a table of the lines that waited for the server, with
        the time that went into the queue, the computation and the network; in a notebook also a picture. The magic
        `%%kremote_profile` (after `%load_ext kremote`) profiles a cell.

    Example:
        >>> x = K.ones((2, 2))
        >>> with K.profile() as profile:
        ...     for _ in range(3):
        ...         _ = K.eval(x + 1)
        >>> profile.round_trips
        3
        >>> print(profile)
        waited ... for the server; 3 round trips, ...
    """
    return Profile()
