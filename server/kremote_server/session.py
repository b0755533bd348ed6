"""A session as the gateway knows it: whose it is, where it lives, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from .pool import Worker


@dataclass(eq=False)
class Session:
    """One user's namespace, as the gateway knows it."""

    id: str
    owner: str
    client: str
    protocol: int
    worker: Worker
    #: Which of the worker's processes has the session's values.
    incarnation: int
    created: float = field(default_factory=time.time)
    last_used: float = field(default_factory=time.time)
    #: The same by a clock that nobody sets; when the server was started, where it was not used since.
    used: float = field(default_factory=time.monotonic)
    #: Requests under way, lent connections among them, and how many of them those are.
    in_flight: int = 0
    leases: int = 0
    #: What happened to its values, when they are gone.
    lost: str | None = None
    #: Whether it is on disk alone, until the next request.
    parked: bool = False
    #: How many requests wait for it to be restored.
    restoring: int = 0
    #: How long it may be unused, before it is left.
    idle_seconds: float | None = None
    #: What its owner calls it, and no other of theirs.
    name: str | None = None
    #: What its worker said last that it holds: values, bytes, variables.
    holding: dict[str, Any] | None = None

    @property
    def label(self) -> str:
        """Enough of the id for a log to tell sessions apart, too little to use one."""
        return label(self.id)

    @property
    def state(self) -> str:
        """What became of it: lost, being restored, parked (on disk alone) or live (in memory)."""
        if self.lost:
            return "lost"
        return "restoring" if self.restoring else "parked" if self.parked else "live"

    @property
    def expires(self) -> float | None:
        """When it is left if nobody uses it, in seconds since 1970."""
        return None if self.lost or self.idle_seconds is None else self.last_used + self.idle_seconds

    def describe(self) -> dict[str, Any]:
        """What the gateway tells its owner of it."""
        return {
            "session": self.id,
            "name": self.name,
            "protocol": self.protocol,
            "engine": self.worker.engine,
            "client": self.client,
            "worker": self.worker.index,
            "created": self.created,
            "last_used": self.last_used,
            "state": self.state,
            "expires": self.expires,
        }

    def head(self, route: str, method: str, **more: Any) -> dict[str, Any]:
        """The head of a link request about this session."""
        about = {"session": self.id, "owner": self.owner, "engine": self.worker.engine}
        return {"route": route, **about, "method": method, **more}


def label(identifier: str) -> str:
    """The part of a session's id that logs may show."""
    return identifier[:6]
