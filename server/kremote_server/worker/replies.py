"""The replies of a session's last requests, so that a request sent again is answered, not run, again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: How many replies a session keeps, and how many bytes of them.
MOST_REPLIES = 32
MOST_BYTES = 8 << 20


@dataclass(frozen=True)
class KeptReply:
    """What was answered."""

    status: int
    content_type: str
    body: bytes


class Replies:
    """A bounded memory of replies by sequence."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, KeptReply] = OrderedDict()
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
        if sequence is None:
            return
        self._kept[sequence] = reply
        self._bytes += len(reply.body)
        while len(self._kept) > MOST_REPLIES or (self._bytes > MOST_BYTES and len(self._kept) > 1):
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.body)
