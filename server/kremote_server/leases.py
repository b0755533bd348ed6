"""Leases: a client's connection in the hands of its session's worker, for as long as one request comes again and again.

A small op's way through the gateway takes longer than the op. A request that comes again just as it came before, but
for the length of its body and its sequence, was let in already: the worker answers it on the client's connection
itself. It gives the connection back within a second, or with the first bytes of anything else, so the
gateway decides on all that is new, and again and again on what is not.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import msgpack

from .admission import Admission
from .connections import Lent
from .exchange import Exchange
from .framing import LEASE
from .metrics import Metrics
from .records import record
from .session import Session
from .sessions import Sessions

#: So many records are written before other requests have their turn.
_RECORDS_AT_A_TIME = 16


@dataclass(frozen=True)
class HandedBack:
    """What a worker says of a lease that ended."""

    #: What it received and did not answer.
    unanswered: bytes
    #: Whether the client went away in the middle of a request.
    gone: bool
    #: Of each request when it was answered, how long that took, its status, the bytes of its body and of the reply's.
    records: list[tuple[float, float, int, int, int]]


class Lease:
    """What the worker of a session is to answer on a client's connection."""

    def __init__(
        self,
        sessions: Sessions,
        metrics: Metrics,
        admission: Admission,
        session: Session,
        request: dict[str, Any],
        exchange: Exchange,
    ) -> None:
        """Prepare a lease for the request of an exchange, `request` being its head on the link."""
        self._sessions = sessions
        self._metrics = metrics
        self._admission = admission
        self._session = session
        self._request = request
        self._exchange = exchange
        self._recalled = asyncio.Event()

    def recall(self) -> None:
        """Ask for the connection: the worker gives it back when it has answered what it is at."""
        self._recalled.set()

    async def run(self, head: bytes, descriptor: int) -> HandedBack:
        """Lend the connection, until it is handed back; raises `Unavailable` where the worker is gone."""
        told: dict[str, Any] = {"route": LEASE, "head": head, "request": self._request, "id": self._exchange.id}
        with self._admission.lent(self._session.owner) as allowance:
            told["requests"] = allowance.most
            reply = await self._sessions.lend(self._session, told, Lent(descriptor), self._recalled)
            handed_back = HandedBack(**msgpack.unpackb(await reply.read(), raw=False))
            allowance.used = len(handed_back.records)
        return handed_back

    async def record(self, records: list[tuple[float, float, int, int, int]]) -> None:
        """Count and log what the worker answered; other requests have their turn in between."""
        for number, (at, seconds, status, bytes_in, bytes_out) in enumerate(records, 1):
            exchange = replace(
                self._exchange,
                id=f"{self._exchange.id}.{number}",
                seconds=seconds,
                status=status,
                bytes_in=bytes_in,
                bytes_out=bytes_out,
            )
            record(self._metrics, exchange, self._request["method"], exchange.route or "none", at)
            if number % _RECORDS_AT_A_TIME == 0:
                await asyncio.sleep(0)
