"""What users let others read: variables of their sessions, by name, until they take it back or the session ends."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kremote_proto.errors import InvalidValue, LimitExceeded, NotFound, StorageFailed, UnknownSession, shown

from .registry import Registry
from .session import Session
from .sessions import Sessions

_MOST_SHARES = 1000
_MOST_USERS = 1000
_MOST_NAME = 200


@dataclass(frozen=True)
class Share:
    """A variable of a session that some users may read, under a name of its owner's."""

    owner: str
    name: str
    #: The session's id, and the variable's name there.
    session: str
    variable: str
    users: tuple[str, ...]

    def describe(self, user: str) -> dict[str, Any]:
        """What a user is told of it: its owner more than others."""
        if user != self.owner:
            return {"owner": self.owner, "name": self.name}
        told = {"session": self.session, "variable": self.variable, "users": list(self.users)}
        return {"owner": self.owner, "name": self.name, **told}


class Shares:
    """All that is shared. What became of its session is looked up when somebody asks."""

    def __init__(self, sessions: Sessions, registry: Registry | None = None) -> None:
        self._sessions = sessions
        self._registry = registry
        rows = registry.shares() if registry else ()
        kept = [Share(owner, name, session, variable, tuple(users)) for owner, name, session, variable, users in rows]
        self._shares = {(share.owner, share.name): share for share in kept}

    def seen_by(self, user: str) -> list[Share]:
        """What a user shares, and what is shared with them."""
        found = [share for share in self._shares.values() if user == share.owner or user in share.users]
        return sorted((share for share in found if self._session(share)), key=lambda share: (share.owner, share.name))

    def find(self, owner: str, name: str, reader: str) -> tuple[Share, Session]:
        """What somebody shares under a name, and its session; what a user may not read is as if not there."""
        share = self._shares.get((owner, name))
        session = None if share is None or reader not in (owner, *share.users) else self._session(share)
        if share is None or session is None:
            raise NotFound(
                f"expected what somebody shares with you; {shown(owner)} shares nothing {shown(name)} with {reader}",
                hint="its owner took it back, or its session ended; GET /v1/shared lists what is shared with you",
            )
        return share, session

    async def put(self, session: Session, name: str, variable: str, users: Sequence[str]) -> Share:
        """Share a variable, with these users and no others from now on."""
        share = Share(session.owner, name, session.id, variable, tuple(dict.fromkeys(users)))
        _check(share)
        before = self._shares.get((share.owner, name))
        if before is not None and before.session != session.id and self._session(before):
            raise InvalidValue(
                f"expected a name under which no other session of yours shares something; got {shown(name)}",
                hint="take that back, or share this one under another name",
            )
        if before is None and sum(share.owner == owner for owner, _ in self._shares) >= _MOST_SHARES:
            raise LimitExceeded(f"expected at most {_MOST_SHARES} shared variables of one user; got one more")
        if self._registry is not None:
            try:
                await asyncio.to_thread(self._registry.share, share.owner, name, session.id, variable, share.users)
            except sqlite3.Error as error:
                raise StorageFailed(
                    f"the server could not write down what you share ({error}), so it is not shared",
                    hint="its owner has to make room in the state directory; then ask again",
                ) from error
        self._shares[share.owner, name] = share
        return share

    async def take_back(self, session: Session, name: str) -> None:
        """Share a variable no more; raises `NotFound` where it is not shared."""
        share = self._shares.get((session.owner, name))
        if share is None or share.session != session.id:
            raise NotFound(f"expected the name of something that this session shares; got {shown(name)}")
        await self._drop(share)

    def _session(self, share: Share) -> Session | None:
        """The session of what is shared, None where it ended."""
        with suppress(UnknownSession):
            session = self._sessions.find(share.session, share.owner)
            return None if session.lost else session
        return None

    async def _drop(self, share: Share) -> None:
        # Revoked at once, whatever becomes of the file; where that fails, the error says so.
        del self._shares[share.owner, share.name]
        if self._registry is None:
            return
        try:
            await asyncio.to_thread(self._registry.unshare, share.owner, share.name)
        except sqlite3.Error as error:
            raise StorageFailed(
                f"it is not shared now, but the server could not write that down ({error}) and forgets it when it ends",
                hint="its owner has to make room in the state directory; then share it and take it back again",
            ) from error

    async def forget_ended(self) -> None:
        """Drop what is left of sessions that ended."""
        for share in [share for share in self._shares.values() if self._session(share) is None]:
            with suppress(StorageFailed):
                await self._drop(share)


def _check(share: Share) -> None:
    if not (1 <= len(share.name) <= _MOST_NAME and share.name.isprintable()):
        raise InvalidValue(f"expected a name of 1 to {_MOST_NAME} printable characters; got {shown(share.name)}")
    if not 1 <= len(share.users) <= _MOST_USERS:
        raise InvalidValue(
            f"expected the names of 1 to {_MOST_USERS} users at $.users; got {len(share.users)}",
            hint="DELETE of this address shares it with nobody",
        )
