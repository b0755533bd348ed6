"""The replies of a session's last requests, so that a request sent again is answered, not run, again."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: How many replies a session keeps of each client, of how many clients, and how many bytes in all.
MOST_REPLIES = 32
MOST_CLIENTS = 64
MOST_BYTES = 8 << 20


@dataclass(frozen=True)
class KeptReply:
    """What was answered."""

    status: int
    content_type: str
    body: bytes


class Replies:
    """A bounded memory of replies by sequence. A client's last one is not given up for those of others."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, KeptReply] = OrderedDict()
        #: The sequences of each client, the oldest first; the client that asked last is the last.
        self._clients: OrderedDict[str, deque[str]] = OrderedDict()
        self._bytes = 0

    def find(self, sequence: str | None) -> KeptReply | None:
        """The first reply to a request of this sequence."""
        return None if sequence is None else self._kept.get(sequence)

    def kept(self) -> Iterable[tuple[str, KeptReply]]:
        """All of them, the oldest first."""
        return self._kept.items()

    def restore(self, kept: Iterable[Sequence[Any]]) -> None:
        """Remember what another session did: sequence, status, content type and body of each."""
        for sequence, status, content_type, body in kept:
            self.keep(sequence, KeptReply(status, content_type, body))

    def keep(self, sequence: str | None, reply: KeptReply) -> None:
        """Remember a reply; the oldest ones make room."""
        if sequence is None or sequence in self._kept:
            return
        client = _client_of(sequence)
        asked = self._clients.setdefault(client, deque())
        self._clients.move_to_end(client)
        asked.append(sequence)
        self._kept[sequence] = reply
        self._bytes += len(reply.body)
        if len(asked) > MOST_REPLIES:
            self._drop(asked[0])
        while len(self._clients) > MOST_CLIENTS:
            self._drop(next(iter(self._clients.values()))[0])
        while self._bytes > MOST_BYTES and len(self._kept) > 1:
            self._drop(self._least_needed())

    def _least_needed(self) -> str:
        """The oldest that a client is answered after; where there is none, the oldest."""
        last = {asked[-1] for asked in self._clients.values()}
        return next((sequence for sequence in self._kept if sequence not in last), next(iter(self._kept)))

    def _drop(self, sequence: str) -> None:
        """Forget a reply, which is the oldest of its client."""
        self._bytes -= len(self._kept.pop(sequence).body)
        client = _client_of(sequence)
        asked = self._clients[client]
        asked.popleft()
        if not asked:
            del self._clients[client]


def _client_of(sequence: str) -> str:
    """What a client's sequences begin with: all before the last dash."""
    return sequence.rpartition("-")[0]
