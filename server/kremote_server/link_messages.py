"""What the worker's side of the link passes to its handler, and gets from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from kremote_proto import codec
from kremote_proto.errors import KremoteError


@dataclass(slots=True)
class Request:
    """One request as the worker gets it."""

    head: dict[str, Any]
    #: The HTTP body in one writable buffer of the request's own, aligned for tensors to be made of it without a copy.
    body: memoryview
    #: How many seconds it waited for its turn, where the handler makes it wait.
    queued: float = 0.0
    #: Whether it changed its session, or may have.
    changes: bool = False
    #: Sends a reply in the place of the one that is being made: the process ends, and nobody else will.
    abandon: Callable[[Reply], object] | None = None


@dataclass(slots=True)
class Reply:
    """What the worker answers. A body in pieces is sent as it is made; give its `length` where it is known."""

    status: int = 200
    content_type: str = codec.MSGPACK
    body: bytes | bytearray | memoryview | Iterable[bytes | memoryview] = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    #: How many milliseconds the request waited for its turn, and was worked on.
    timing: dict[str, float] = field(default_factory=dict)

    def measured(self) -> tuple[Iterable[bytes | memoryview], int | None]:
        """The pieces of the body, and its length in bytes where that is known."""
        if isinstance(self.body, bytes | bytearray | memoryview):
            view = memoryview(self.body)
            return [view], view.nbytes
        return self.body, self.length


Handler = Callable[[Request], Reply]


def error_reply(error: KremoteError, accept: Any = codec.MSGPACK) -> Reply:
    """An error in its one shape, in the asked content type (MessagePack when raw bytes were asked for)."""
    content_type = codec.JSON if accept == codec.JSON else codec.MSGPACK
    return Reply(error.status, content_type, codec.encode({"error": error.to_wire()}, content_type))
