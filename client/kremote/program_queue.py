"""Instructions waiting to be sent as one program: when they go, what comes back, and to whom it belongs."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack

from kremote_proto.codec import encode
from kremote_proto.errors import ConnectionFailed, KremoteError, Unavailable
from kremote_proto.messages import Instruction, result_from_wire

from .failures import Failures, again
from .identifiers import identifiers, sequences
from .values import Value

MOST_INSTRUCTIONS = 256
MOST_BYTES = 1 << 20

#: Sends a program's body under a sequence and gives the reply's map; the flag says to wait for a server not ready.
Send = Callable[[bytes, str, bool], Mapping[str, Any]]


@dataclass(slots=True)
class Pending:
    """An instruction whose result is not known yet."""

    id: int
    location: str | None
    value: weakref.ref[Value] | None


@dataclass(slots=True)
class Request:
    """A program as bytes. It keeps its sequence until it is answered, however often it is sent."""

    body: bytes
    sequence: str
    pending: list[Pending] = field(default_factory=list)


class ProgramQueue:
    """The queue of one session. Any thread may use it; programs go out one at a time, in order."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.start_over()

    def start_over(self) -> None:
        """Begin, or begin anew in a forked child, where the lock's state is the parent's."""
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Drop everything, and take ids and sequences of one's own."""
        self.ids = identifiers()
        self.sequences = sequences()
        #: Ids to free with the next program. Finalizers append to it, so it is never guarded by the lock.
        self.frees: deque[int] = deque()
        self.failures = Failures()
        self._instructions: list[bytes] = []
        self._pending: list[Pending] = []
        self._bytes = 0
        self._unanswered: Request | None = None

    @property
    def waiting(self) -> bool:
        """Whether there are instructions to send."""
        return bool(self._instructions)

    @property
    def full(self) -> bool:
        """Whether the next program should go now."""
        return len(self._instructions) >= MOST_INSTRUCTIONS or self._bytes >= MOST_BYTES

    def add(self, instruction: Instruction, value: Value | None, location: str | None) -> None:
        """Queue an instruction; arrays in it are copied now, so the caller may change them afterwards."""
        encoded = encode(instruction.to_wire())
        assert instruction.id is not None
        with self.lock:
            self._instructions.append(encoded)
            self._bytes += len(encoded)
            self._pending.append(Pending(instruction.id, location, None if value is None else weakref.ref(value)))

    def flush(self, fetch: Sequence[Mapping[str, Any]] = (), *, frees: bool = False) -> list[Any]:
        """Send what waits; the wire values of the references to fetch.

        Raises the earliest error not raised yet, of this program or one before. Frees ride along; `frees` sends them
        also when there is nothing else.
        A request that got no answer is kept and sent again first, so what was queued is neither lost nor done twice.
        """
        with self.lock:
            if self._unanswered is not None:
                self._exchange(self._unanswered)
            values: list[Any] = []
            if self._instructions or fetch or (self.frees and frees):
                values = list(self._exchange(self._next_request(fetch)).get("values", ()))
            self.failures.raise_next()
            for wire in values:
                if isinstance(wire, Mapping) and "error" in wire:
                    raise again(self.failures.first_cause(_error_of(wire)))
            return values

    def flush_quietly(self, *, wait: bool = False) -> KremoteError | None:
        """Send what waits, where there is nobody to tell of an error: the next `flush` raises it.

        Gives the error of a server out of reach; then what waits still waits.
        """
        with self.lock:
            try:
                if self._unanswered is not None:
                    self._exchange(self._unanswered, wait)
                if self._instructions or self.frees:
                    self._exchange(self._next_request(()), wait)
            except (ConnectionFailed, Unavailable) as error:
                return error
            except KremoteError as error:
                self.failures.add(error)
            return None

    def _next_request(self, fetch: Sequence[Mapping[str, Any]]) -> Request:
        instructions, self._instructions = self._instructions, []
        pending, self._pending = self._pending, []
        self._bytes = 0
        # Drained after the instructions were taken: an id is freed in the program that made it, or later.
        frees = [self.frees.popleft() for _ in range(len(self.frees))]
        return Request(_body(instructions, fetch, frees), next(self.sequences), pending)

    def _exchange(self, request: Request, wait: bool = True) -> Mapping[str, Any]:
        self._unanswered = request
        try:
            reply = self._send(request.body, request.sequence, wait)
        except (ConnectionFailed, Unavailable):
            raise
        except KremoteError as error:
            self._unanswered = None
            for pending in request.pending:
                _fail(pending, error)
            raise
        self._unanswered = None
        for pending, wire in zip(request.pending, reply.get("results", ()), strict=True):
            self._settle(pending, wire)
        return reply

    def _settle(self, pending: Pending, wire: Mapping[str, Any]) -> None:
        result = result_from_wire(wire)
        if result.error is not None:
            _fail(pending, self.failures.record(pending.id, result.error, pending.location))
        elif pending.value is not None and (value := pending.value()) is not None:
            value.settle(result)


def _error_of(wire: Mapping[str, Any]) -> KremoteError:
    error = result_from_wire({"id": 0, **wire}).error
    assert error is not None
    return error


def _fail(pending: Pending, error: KremoteError) -> None:
    value = pending.value() if pending.value is not None else None
    if value is not None:
        value.error = error


def _body(instructions: list[bytes], fetch: Sequence[Mapping[str, Any]], frees: list[int]) -> bytes:
    """A program of instructions that are encoded already."""
    packer = msgpack.Packer()
    head = packer.pack_map_header(3) + encode("instructions") + packer.pack_array_header(len(instructions))
    tail = encode("fetch") + encode(list(fetch)) + encode("free") + encode(frees)
    return b"".join([head, *instructions, tail])
