"""What a session and its user use of the server now, beside what they may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .current import current_session
from .profiling.events import waiting
from .text_table import table

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, repr=False)
class Usage:
    """What is used now; as text a table.

    `session` has `bytes`, `values` (what handles stand for), `variables`, `requests` under way and `compute_seconds`;
    `user` has `sessions`, `requests`, `bytes` and `compute_seconds` of all sessions of the user. `limits` are the
    server's, by name; 0 is none.
    """

    session: Mapping[str, Any]
    user: Mapping[str, Any]
    limits: Mapping[str, Any]

    def __repr__(self) -> str:
        return table([("", "session", "at most", "you", "at most"), *self._rows()], right=range(1, 5))

    def _rows(self) -> list[Sequence[str]]:
        session, user, limit = self.session, self.user, self._limit
        held, requests = (size(session["bytes"]), size(user["bytes"])), (session["requests"], user["requests"])
        computed = seconds(session["compute_seconds"]), seconds(user["compute_seconds"])
        return [
            ("bytes", held[0], limit("session_bytes"), held[1], limit("user_bytes")),
            ("handles", count(session["values"]), limit("ids"), "", ""),
            ("variables", count(session["variables"]), "", "", ""),
            ("sessions", "", "", count(user["sessions"]), limit("sessions_per_user")),
            ("requests", count(requests[0]), limit("queue_length"), count(requests[1]), limit("requests_per_user")),
            ("requests in a second", "", "", "", limit("requests_per_second")),
            ("computed", computed[0], limit("op_seconds"), computed[1], ""),
        ]

    def _limit(self, name: str) -> str:
        most = self.limits.get(name)
        if not most:
            return "-"
        if name.endswith("_bytes"):
            return size(most)
        return f"{seconds(most)} a request" if name.endswith("_seconds") else count(most)


def usage() -> Usage:
    """What your session uses of the server now, what you use in all, and what each may.

    Bytes are those of values and variables on the server, as long as a handle, a name, a symbol or a function needs
    them. Of values on several workers a user's bound is for each of them.

    Returns:
        A `Usage`, which prints as a table.

    Example:
        >>> x = K.ones((1000, 1000))
        >>> K.usage().session["bytes"] >= 4_000_000
        True
    """
    session = current_session()
    session.flush()
    with waiting():
        told = session._transport.call("GET", "/v1/usage")
    own = next(one for one in told["sessions"] if one["session"] == session.id)
    return Usage(own, told["users"][0], told["limits"])


def size(octets: float | None) -> str:
    """A number of bytes in its unit.

    >>> size(1536), size(3)
    ('1.5 KiB', '3 B')
    """
    if octets is None:
        return "-"
    unit = 0
    while octets >= 1024 and unit < len(_UNITS) - 1:
        octets, unit = octets / 1024, unit + 1
    return f"{octets:.1f} {_UNITS[unit]}" if unit else f"{octets:.0f} B"


def count(number: float | None) -> str:
    """A number of things.

    >>> count(1000000), count(2.5)
    ('1,000,000', '2.5')
    """
    return "-" if number is None else f"{number:,.10g}"


def seconds(number: float | None) -> str:
    """A time, in seconds.

    >>> seconds(1.25)
    '1.2 s'
    """
    return "-" if number is None else f"{number:,.1f} s"
