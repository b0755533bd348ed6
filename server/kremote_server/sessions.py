"""The sessions: whose they are, on which worker they live, and what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from kremote_proto import PROTOCOL_VERSIONS
from kremote_proto.codec import MSGPACK
from kremote_proto.errors import (
    KremoteError,
    LimitExceeded,
    SessionLost,
    StorageFailed,
    Unavailable,
    UnknownSession,
    VersionMismatch,
)

from .connections import Body, Lent, LinkReply
from .pool import Death, Pool, Worker, unavailable
from .registry import Entry, Registry

log = structlog.get_logger("kremote.sessions")

#: How long a lost session can still say what happened to it.
_LOST_SECONDS = 24 * 3600.0


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
    in_flight: int = 0
    #: What happened to its values, when they are gone.
    lost: str | None = None
    #: Whether it is on disk alone, until the next request.
    parked: bool = False
    #: How long it may be unused, before it is left.
    idle_seconds: float | None = None

    @property
    def label(self) -> str:
        """Enough of the id for a log to tell sessions apart, too little to use one."""
        return label(self.id)

    def describe(self) -> dict[str, Any]:
        """What the gateway tells its owner of it."""
        return {
            "session": self.id,
            "protocol": self.protocol,
            "engine": self.worker.engine,
            "client": self.client,
            "worker": self.worker.index,
            "created": self.created,
            "last_used": self.last_used,
            "state": "lost" if self.lost else "parked" if self.parked else "live",
            "expires": None if self.idle_seconds is None else self.last_used + self.idle_seconds,
        }

    def head(self, route: str, method: str, **more: Any) -> dict[str, Any]:
        """The head of a link request about this session."""
        return {"route": route, "session": self.id, "engine": self.worker.engine, "method": method, **more}


def label(identifier: str) -> str:
    """The part of a session's id that logs may show."""
    return identifier[:6]


def common_version(spoken: tuple[int, int]) -> int:
    """The newest protocol version both sides speak; raises `VersionMismatch`."""
    oldest, newest = PROTOCOL_VERSIONS
    common = min(newest, spoken[1])
    if common < max(oldest, spoken[0]):
        raise VersionMismatch(
            f"expected a protocol version from {oldest} to {newest}; the client speaks {spoken[0]} to {spoken[1]}",
            hint="update the older of the two: pip install --upgrade kremote",
        )
    return common


class Sessions:
    """The registry of sessions, and the way to their workers."""

    def __init__(
        self,
        pool: Pool,
        *,
        per_user: int,
        idle_seconds: float | None = None,
        park_seconds: float | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._pool = pool
        self._per_user = per_user
        self._idle_seconds = idle_seconds
        self._park_seconds = park_seconds
        #: Where sessions outlive their workers, which find them on disk.
        self._registry = registry
        self._sessions: dict[str, Session] = {}
        for entry in registry.entries() if registry else ():
            self._sessions[entry.id] = self._kept(entry)
        pool.on_death = self._lose

    def __len__(self) -> int:
        """The number of live sessions."""
        return sum(session.lost is None for session in self._sessions.values())

    async def create(
        self,
        owner: str,
        engine: str | None = None,
        client: str = "",
        spoken: tuple[int, int] | None = None,
        *,
        accept: str = MSGPACK,
    ) -> Session | LinkReply:
        """Make a session on the least loaded worker. A worker's refusal comes back as its reply."""
        protocol = common_version(spoken or PROTOCOL_VERSIONS)
        self._forget_lost()
        if len([s for s in self.of(owner) if s.lost is None]) >= self._per_user:
            raise LimitExceeded(
                f"expected at most {self._per_user} sessions for each user; {owner} has as many",
                hint="leave one: DELETE /v1/sessions/{session}, or `kremote sessions --delete ID`",
            )
        worker = self._pool.choose(engine, self._load)
        session = Session(secrets.token_urlsafe(24), owner, client, protocol, worker, worker.incarnation)
        session.idle_seconds = self._idle_seconds
        # Before the worker answers, so that requests at the same time count for the bound.
        self._sessions[session.id] = session
        head = session.head("create", "POST", content_type=MSGPACK, accept=accept, length=0)
        try:
            await self._write_down(session)
            reply = await worker.request(head)
        except BaseException:
            await self._forget(session)
            raise
        if reply.status >= 400:
            await self._forget(session)
            return reply
        await reply.read()
        return session

    def find(self, identifier: str, owner: str, *, anybodys: bool = False) -> Session:
        """A user's session; another's is as unknown as none, unless `anybodys` is asked for, which admins may."""
        session = self._sessions.get(identifier)
        if session is None or (session.owner != owner and not anybodys):
            raise UnknownSession(
                f"expected the id of a session of yours; got one that begins with {label(identifier)!r}",
                hint="it was left or never made; POST /v1/sessions makes one, GET /v1/sessions lists yours",
            )
        return session

    def of(self, owner: str) -> list[Session]:
        """A user's sessions, the oldest first."""
        return [session for session in self._sessions.values() if session.owner == owner]

    def everybodys(self) -> list[Session]:
        """All sessions, the oldest first."""
        return list(self._sessions.values())

    async def accept(self, session: Session, head: dict[str, Any], body: Body = None) -> LinkReply:
        """Run a request that may change the session's state: the one place all of these pass."""
        return await self.read(session, head, body)

    async def read(self, session: Session, head: dict[str, Any], body: Body = None) -> LinkReply:
        """Run a request that changes nothing."""
        if session.lost is not None:
            raise self._loss(session)
        session.parked = False
        return await session.worker.request(head, body)

    async def lend(self, session: Session, head: dict[str, Any], client: Lent, recalled: asyncio.Event) -> LinkReply:
        """Lend a client's connection to the session's worker, for requests that the session accepted one of."""
        if session.lost is not None:
            raise self._loss(session)
        with self.using(session):
            return await session.worker.lend(head, client, recalled)

    @contextlib.contextmanager
    def using(self, session: Session) -> Iterator[None]:
        """Mark a session as in use, so that it does not count as idle."""
        session.in_flight += 1
        try:
            yield
        finally:
            session.in_flight -= 1
            session.last_used = time.time()

    async def delete(self, session: Session) -> None:
        """Leave a session; its values are gone at once, or with the worker that has them."""
        self._sessions.pop(session.id, None)
        if session.lost is None:
            with contextlib.suppress(Unavailable):
                await self._free(session)
        await self._forget(session)

    async def drop_idle(self) -> None:
        """Leave the sessions nobody used for too long."""
        if self._idle_seconds is None:
            return
        before = time.time() - self._idle_seconds
        for session in list(self._sessions.values()):
            if self._is_idle(session, before):
                session.lost = f"it was left after {self._idle_seconds:g} seconds without a request"
                log.info("idle session left", session=session.label, user=session.owner)
                with contextlib.suppress(KremoteError):
                    await self._free(session)
                await self._erase(session)

    async def park_idle(self) -> None:
        """Have the workers let go of sessions nobody uses, which they find on disk when they are used again."""
        if self._registry is None or self._park_seconds is None:
            return
        before = time.time() - self._park_seconds
        for session in list(self._sessions.values()):
            if not session.parked and self._is_idle(session, before) and session.worker.state == "ready":
                session.parked = True
                head = session.head("park", "POST", content_type=MSGPACK, accept=MSGPACK, length=0)
                with contextlib.suppress(KremoteError):
                    await (await session.worker.request(head)).read()

    @staticmethod
    def _is_idle(session: Session, before: float) -> bool:
        return session.lost is None and not session.in_flight and session.last_used < before

    async def write_used(self) -> None:
        """Write down when the sessions were last used."""
        if self._registry is not None:
            moments = [(session.id, session.last_used) for session in self._sessions.values()]
            with contextlib.suppress(sqlite3.Error):
                await asyncio.to_thread(self._registry.used, moments)

    def close(self) -> None:
        """Let another server have the registry."""
        if self._registry is not None:
            self._registry.close()

    def _kept(self, entry: Entry) -> Session:
        """A session that was there before the server was started: on its worker, or another of its engine."""
        workers = [worker for worker in self._pool.workers if worker.engine == entry.engine]
        lost = None if workers else f"this server has no engine {entry.engine}, which it needs"
        worker = next((w for w in workers if w.index == entry.worker), (workers or self._pool.workers)[0])
        about = (entry.id, entry.owner, entry.client, entry.protocol, worker, worker.incarnation)
        times = (entry.created, entry.last_used)
        return Session(*about, *times, lost=lost, parked=True, idle_seconds=self._idle_seconds)

    async def _write_down(self, session: Session) -> None:
        if self._registry is None:
            return
        about = (session.id, session.owner, session.client, session.protocol, session.worker.engine)
        entry = Entry(*about, session.worker.index, session.created, session.last_used)
        try:
            await asyncio.to_thread(self._registry.add, entry)
        except sqlite3.Error as error:
            raise StorageFailed(
                f"the server could not write down a new session ({error}), so it made none",
                hint="its owner has to make room in the state directory, or let it be written to; then ask again",
            ) from error

    async def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        await self._erase(session)

    async def _erase(self, session: Session) -> None:
        """Take it out of the registry, and its files off the disk."""
        if self._registry is not None:
            with contextlib.suppress(sqlite3.Error):
                await asyncio.to_thread(self._registry.remove, session.id)

    async def _free(self, session: Session) -> None:
        head = session.head("delete", "DELETE", content_type=MSGPACK, accept=MSGPACK, length=0)
        await (await session.worker.request(head)).read()

    def _load(self, worker: Worker) -> int:
        return sum(
            session.worker is worker and not (session.lost or session.parked) for session in self._sessions.values()
        )

    def _lose(self, worker: Worker, death: Death) -> None:
        """A worker's process ended: what lived in it alone is gone."""
        if self._registry is not None:
            for session in self._sessions.values():
                session.parked = session.parked or session.worker is worker
            return
        for session in self._sessions.values():
            if session.worker is worker and session.lost is None:
                session.lost = f"its worker {worker.index} ({worker.engine}) {death}"
                session.last_used = time.time()

    def _loss(self, session: Session) -> KremoteError:
        """What to answer for a session whose values are gone."""
        if session.worker.state != "ready" and not session.worker.refused:
            return unavailable(f"worker {session.worker.index} ({session.worker.engine}) is being replaced")
        return SessionLost(
            f"session {session.label} is lost with all its values: {session.lost}",
            hint="make a new session and run your code again from its start",
        )

    def _forget_lost(self) -> None:
        """Drop what is left of sessions lost long ago, and all but the newest of a user's."""
        before, kept = time.time() - _LOST_SECONDS, dict[str, int]()
        for session in reversed(list(self._sessions.values())):
            if session.lost is None:
                continue
            kept[session.owner] = kept.get(session.owner, 0) + 1
            if session.last_used < before or kept[session.owner] > self._per_user:
                del self._sessions[session.id]
