"""`K.sessions`: one's sessions on a server, with what they hold and how long they stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from .current import current_session
from .transport import Transport


@dataclass(frozen=True)
class SessionEntry:
    """A session as its server lists it. Times are UTC; what the server does not know at the moment is None."""

    #: What its user calls it, if anything; `K.connect(url, session=name)` takes it up, as its id does.
    name: str | None
    id: str
    owner: str
    engine: str
    #: "live" in memory, "parked" on disk until it is used, "restoring" on its way back, or "lost".
    state: str
    created: datetime
    last_used: datetime
    #: When it ends, if nobody uses it.
    expires: datetime | None
    #: The bytes of its values, and how many there are.
    bytes: int | None
    values: int | None
    #: The names of its variables.
    variables: tuple[str, ...] | None
    #: What opened it.
    client: str

    @property
    def age(self) -> timedelta:
        """How long ago it was made."""
        return datetime.now(timezone.utc) - self.created

    @property
    def idle(self) -> timedelta:
        """How long ago it was last used."""
        return datetime.now(timezone.utc) - self.last_used


def sessions(owner: str | None = None) -> list[SessionEntry]:
    """Your sessions on the server, the oldest first.

    Args:
        owner: whose; None is your own. Admins may name somebody else, or `"*"` for everybody.

    Returns:
        Of each its name, id, owner, engine, state, age, idle time, size, variables and when it ends.

    Raises:
        PermissionError: when they are somebody else's, and the token is no admin's.

    Example:
        >>> K.sessions()[-1].state
        'live'
    """
    return entries(current_session()._transport, owner)


def end_session(session: str) -> None:
    """End a session of yours: its values and variables are gone, and its name is free.

    Args:
        session: its name or id.

    Raises:
        LookupError: when there is no such session.

    Example:
        >>> here = kremote.current_session()
        >>> kremote.Session(here.url, here.address.token, "finished-experiment").close()
        >>> K.end_session("finished-experiment")
    """
    current_session()._transport.call("DELETE", f"/v1/sessions/{quote(session, safe='')}")


def entries(transport: Transport, owner: str | None) -> list[SessionEntry]:
    """What a server lists: one's own sessions, those of an `owner`, or everybody's (`"*"`)."""
    query = "" if owner is None else f"?owner={quote(owner, safe='*')}"
    return [_entry(one) for one in transport.call("GET", f"/v1/sessions{query}")["sessions"]]


def _entry(told: Mapping[str, Any]) -> SessionEntry:
    variables = told.get("variables")
    return SessionEntry(
        told.get("name"),
        told["session"],
        told.get("owner", ""),
        told["engine"],
        told["state"],
        _moment(told["created"]),
        _moment(told["last_used"]),
        None if told.get("expires") is None else _moment(told["expires"]),
        told.get("bytes"),
        told.get("values"),
        None if variables is None else tuple(variables),
        told["client"],
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
