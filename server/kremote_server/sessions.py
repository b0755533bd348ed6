"""The sessions: whose they are, on which worker they live, and what became of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakValueDictionary

import structlog

from kremote_proto import PROTOCOL_VERSIONS
from kremote_proto.codec import MSGPACK
from kremote_proto.errors import (
    InvalidValue,
    KremoteError,
    LimitExceeded,
    QueueFull,
    SessionLost,
    StorageFailed,
    Unavailable,
    UnknownSession,
    VersionMismatch,
)

from .connections import Body, Lent, LinkReply
from .holdings import Holdings
from .pool import Death, Pool, Worker, unavailable
from .registry import Entry, Registry
from .session import Session, label

log = structlog.get_logger("kremote.sessions")

#: A session is not left sooner after a start of the server, whatever the clock says.
_GRACE_SECONDS = 24 * 3600.0
#: How long a lost session can still say what happened to it.
_LOST_SECONDS = 24 * 3600.0
#: A session is about to be left in the last of so many parts of the time it may be unused.
_WARNING_PART = 7


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
        queue_length: int,
        idle_seconds: float | None = None,
        park_seconds: float | None = None,
        registry: Registry | None = None,
    ) -> None:
        self._pool = pool
        self._per_user = per_user
        self._queue_length = queue_length
        #: Told of each refusal: the name of the bound.
        self.on_refusal: Callable[[str], None] = lambda bound: None
        self._idle_seconds = idle_seconds
        self._park_seconds = park_seconds
        #: When it was last written down which sessions were used.
        self._used_written = time.monotonic()
        #: Where sessions outlive their workers, which find them on disk.
        self._registry = registry
        self._sessions: dict[str, Session] = {}
        #: By owner and name, those that have one.
        self._named: dict[tuple[str, str], Session] = {}
        self.holdings = Holdings()
        self._naming: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        for entry in registry.entries() if registry else ():
            self._put_in(self._kept(entry))
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
        name: str | None = None,
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
        session.idle_seconds, session.name = self._idle_seconds, name
        # Before the worker answers, so that requests at the same time count for the bound.
        self._put_in(session)
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

    async def take_up(
        self, name: str, owner: str, engine: str | None, client: str, spoken: tuple[int, int] | None, *, accept: str
    ) -> tuple[Session | LinkReply, bool]:
        """The session of a name, which is made where there is none; and whether it was made now."""
        async with self._naming.setdefault((owner, name), asyncio.Lock()):
            session = self._named.get((owner, name))
            if session is None:
                return await self.create(owner, engine, client, spoken, name=name, accept=accept), True
        common_version(spoken or PROTOCOL_VERSIONS)
        if session.lost is not None:
            raise self._loss(session)
        if engine not in (None, session.worker.engine):
            raise InvalidValue(
                f"expected the engine of session {name}, {session.worker.engine}; got {engine!r}",
                hint="ask for no engine, or for that one; another engine needs a session of another name",
            )
        return session, False

    def find(self, identifier: str, owner: str, *, anybodys: bool = False) -> Session:
        """A user's session, by id or name; another's is as unknown as none, unless `anybodys` is asked for (an id)."""
        session = self._sessions.get(identifier) or self._named.get((owner, identifier))
        if session is None or (session.owner != owner and not anybodys):
            raise UnknownSession(
                f"expected the id or name of a session of yours; got one that begins with {label(identifier)!r}",
                hint="it was left or never made; POST /v1/sessions makes one, GET /v1/sessions lists yours",
            )
        return session

    def of(self, owner: str) -> list[Session]:
        """A user's sessions, the oldest first."""
        return [session for session in self._sessions.values() if session.owner == owner]

    def everybodys(self) -> list[Session]:
        """All sessions, the oldest first."""
        return list(self._sessions.values())

    async def ask(self, session: Session, head: dict[str, Any], body: Body = None) -> LinkReply:
        """Have a session's worker answer a request: the one way there, which brings back what is on disk alone."""
        if session.lost is not None:
            raise self._loss(session)
        if not session.parked and not session.restoring:
            return await session.worker.request(head, body)
        session.parked, session.restoring = False, session.restoring + 1
        try:
            return await session.worker.request(head, body)
        except Unavailable:
            session.parked = True
            raise
        finally:
            session.restoring -= 1

    async def lend(self, session: Session, head: dict[str, Any], client: Lent, recalled: asyncio.Event) -> LinkReply:
        """Lend a client's connection to the session's worker, for requests that the session accepted one of."""
        if session.lost is not None:
            raise self._loss(session)
        session.leases += 1
        try:
            with self.using(session):
                return await session.worker.lend(head, client, recalled)
        finally:
            session.leases -= 1

    def may_lend(self, session: Session) -> bool:
        """Whether a connection may be lent for a session: not to more than may wait for their turn."""
        return session.in_flight < self._queue_length

    def check_queue(self, session: Session) -> None:
        """Refuse a request of a session for whose turn too many wait; raises `QueueFull`."""
        if session.in_flight - session.leases >= self._queue_length:
            self.on_refusal("queue_length")
            raise QueueFull(
                f"expected at most {self._queue_length} requests of session {session.label} under way; it has as many",
                hint="ask again when one was answered: requests of one session run one after another",
            )

    @contextlib.contextmanager
    def using(self, session: Session) -> Iterator[None]:
        """Mark a session as in use, so that it does not count as idle."""
        session.in_flight += 1
        try:
            yield
        finally:
            session.in_flight -= 1
            session.last_used, session.used = time.time(), time.monotonic()

    async def delete(self, session: Session) -> None:
        """Leave a session; its values are gone at once, or with the worker that has them."""
        self._take_out(session)
        if session.lost is None:
            with contextlib.suppress(Unavailable):
                await self._free(session)
        await self._forget(session)

    async def drop_idle(self) -> None:
        """Leave the sessions nobody used for too long."""
        if self._idle_seconds is None:
            return
        for session in list(self._sessions.values()):
            if self._is_idle(session, self._idle_seconds):
                session.lost = f"it was left after {self._idle_seconds:g} seconds without a request"
                log.info("idle session left", session=session.label, user=session.owner)
                with contextlib.suppress(KremoteError):
                    await self._free(session)
                await self._erase(session)

    async def park_idle(self) -> None:
        """Have the workers let go of sessions nobody uses, which they find on disk when they are used again."""
        if self._registry is None or self._park_seconds is None:
            return
        for session in list(self._sessions.values()):
            idle = self._is_idle(session, self._park_seconds)
            if not session.parked and idle and session.worker.state == "ready":
                await self.holdings.ask([session])
                session.parked = True
                head = session.head("park", "POST", content_type=MSGPACK, accept=MSGPACK, length=0)
                with contextlib.suppress(KremoteError):
                    await (await session.worker.request(head)).read()

    @staticmethod
    def _is_idle(session: Session, seconds: float) -> bool:
        """Whether nobody used it for so long. A clock that was set, or a server that was off, is nobody's fault."""
        unused = time.time() - session.last_used, time.monotonic() - session.used
        return (
            session.lost is None
            and not session.in_flight
            and unused[0] > seconds
            and unused[1] > min(seconds, _GRACE_SECONDS)
        )

    async def write_used(self) -> None:
        """Write down when the sessions were last used."""
        if self._registry is not None:
            begun, since = time.monotonic(), self._used_written
            moments = [(one.id, one.last_used) for one in self._sessions.values() if one.used >= since]
            self._used_written = begun
            holdings = [(s.id, json.dumps(s.holding)) for s in self._sessions.values() if s.holding is not None]
            with contextlib.suppress(sqlite3.Error):
                await asyncio.to_thread(self._registry.used, moments)
                await asyncio.to_thread(self._registry.held, holdings)

    def expiring(self, owner: str) -> list[Session]:
        """A user's sessions that are left soon, if nobody uses them."""
        soon = time.time() + (self._idle_seconds or 0.0) / _WARNING_PART
        return [session for session in self.of(owner) if session.expires is not None and session.expires < soon]

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
        session = Session(*about, entry.created, entry.last_used, lost=lost, parked=True, name=entry.name)
        session.idle_seconds = self._idle_seconds
        session.holding = None if entry.holding is None else json.loads(entry.holding)
        return session

    def _put_in(self, session: Session) -> None:
        self._sessions[session.id] = session
        if session.name is not None:
            self._named[session.owner, session.name] = session

    def _take_out(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        if session.name is not None and self._named.get((session.owner, session.name)) is session:
            del self._named[session.owner, session.name]

    async def _write_down(self, session: Session) -> None:
        if self._registry is None:
            return
        about = (session.id, session.owner, session.client, session.protocol, session.worker.engine)
        entry = Entry(*about, session.worker.index, session.created, session.last_used, session.name)
        try:
            await asyncio.to_thread(self._registry.add, entry)
        except sqlite3.Error as error:
            raise StorageFailed(
                f"the server could not write down a new session ({error}), so it made none",
                hint="its owner has to make room in the state directory, or let it be written to; then ask again",
            ) from error

    async def _forget(self, session: Session) -> None:
        self._take_out(session)
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
                self._take_out(session)
