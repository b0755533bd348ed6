"""What sessions hold: their workers are asked, and what was last said stands where one is busy."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from kremote_proto.codec import MSGPACK, decode, encode

from .pool import Worker
from .session import Session

#: How long is waited for a worker to say it.
_SECONDS = 1.0
#: The same where it has said so before: one that is busy says it to whoever asks next.
_SAID_SECONDS = 0.002


class Holdings:
    """The questions to workers that are under way."""

    def __init__(self) -> None:
        self._asked: dict[tuple[Worker, frozenset[str]], asyncio.Task[None]] = {}

    async def ask(self, sessions: Iterable[Session]) -> None:
        """Have the workers say what those of the sessions hold that are in memory."""
        by_worker: dict[Worker, list[Session]] = {}
        for session in sessions:
            if session.state == "live" and session.worker.state == "ready":
                by_worker.setdefault(session.worker, []).append(session)
        telling = [self._question(worker, found) for worker, found in by_worker.items()]
        new = any(session.holding is None for found in by_worker.values() for session in found)
        if telling:
            await asyncio.wait(telling, timeout=_SECONDS if new else _SAID_SECONDS)

    def _question(self, worker: Worker, sessions: list[Session]) -> asyncio.Task[None]:
        """The question to a worker that is under way, or a new one."""
        key = worker, frozenset(session.id for session in sessions)
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(_told(worker, sessions))
            self._asked[key].add_done_callback(lambda _: self._asked.pop(key, None))
        return self._asked[key]


async def _told(worker: Worker, sessions: list[Session]) -> None:
    """Have a worker say what sessions hold; those that are not in its memory are left out."""
    body = encode({"sessions": [session.id for session in sessions]})
    head = {"route": "holdings", "content_type": MSGPACK, "accept": MSGPACK, "length": len(body)}

    async def answer() -> bytes:
        return await (await worker.request(head, body)).read()

    with contextlib.suppress(Exception):  # what was last said stands
        found = decode(await asyncio.wait_for(answer(), _SECONDS)).get("sessions", {})
        for session in sessions:
            session.holding = found.get(session.id, session.holding)
