"""Programs on their way to the server: what is added, when it goes, what comes back, and to whom it belongs."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kremote_proto.errors import ConnectionFailed, KremoteError, Unavailable, UnknownTemplate
from kremote_proto.messages import Result, result_from_wire
from kremote_proto.specs import Spec

from .connection import Piece
from .failures import Failures, again
from .forms import Content, Form
from .identifiers import Identifiers, sequences
from .interrupting import interruptible
from .keys import key_of
from .location import Location, shown
from .profiling.events import waiting
from .program import ListedProgram, Program, Request
from .tensor import Handle
from .values import Value

if TYPE_CHECKING:
    from .session import Session

#: A program of enough instructions goes where it began, so that each turn of a loop gives the same template; one of
#: the most instructions, or of so many bytes of arrays and instructions, goes anywhere.
ENOUGH_INSTRUCTIONS = 1024
MOST_INSTRUCTIONS = 2048
MOST_BYTES = 8 << 20
#: How many programs wait behind the one that the server computes, and bytes of them, before calls wait, too.
MOST_WAITING = 4
MOST_WAITING_BYTES = 32 << 20

#: Sends a program's body, of which so many bytes go before the map, under a sequence, and gives the reply's map; the
#: flag says to wait for a server not ready.
Send = Callable[[Sequence[Piece], int, str, bool], Mapping[str, Any]]


class ProgramQueue:
    """The queue of one session on a server. Any thread may use it; programs go out one at a time, in order.

    `lock` guards the program that calls are added to, and is never held while the server is waited for; who exchanges
    with the server holds `sending`. A request stays first of those that wait until it is answered, so one that got no
    answer is sent again before anything else, and what was queued is neither lost nor done twice.
    """

    def __init__(self, session: Session, send: Send, templates: int, takes_octets: bool) -> None:
        self.session = session
        #: Whether calls may still be added.
        self.live = True
        #: What failed, by id, as long as somebody has a handle of it.
        self.errors: dict[int, KremoteError] = {}
        #: What calls like one before come to, and how many were like it but for a number.
        self.calls: dict[Any, Any] = {}
        self.varying: dict[Any, int] = {}
        self._send = send
        self._most_templates = templates
        self._takes_octets = takes_octets
        self.start_over()

    def start_over(self) -> None:
        """Begin, or begin anew in a forked child, where locks are as the parent's threads had them."""
        self.lock = threading.RLock()
        self.sending = threading.RLock()
        self.ids = Identifiers()
        self.upload_ids = Identifiers()
        self.sequences = sequences()
        #: Ids that nobody has any more. Finalizers append to it, so it is never guarded by the lock.
        self.frees: deque[int] = deque()
        self.failures = Failures()
        self.printed: deque[str] = deque()
        self._waiting: deque[Request] = deque()
        #: Templates that the server has, those used last at the end.
        self._templates: OrderedDict[bytes, None] = OrderedDict()
        self._unreachable = False
        #: Tell the sender that a program waits to go, and that something was added after a pause.
        self.wake: Callable[[], None] = lambda: None
        self.notice: Callable[[], None] = lambda: None
        #: Whether nothing was added for a while.
        self.quiet = False
        self.program = self._new_program()

    def _new_program(self) -> Program:
        return (Program if self._most_templates else ListedProgram)(self.ids.first(), self._takes_octets)

    @property
    def waiting(self) -> bool:
        """Whether there are instructions that the server does not have."""
        return bool(self.program.count or self._waiting)

    @property
    def progress(self) -> int:
        """What grows with each instruction."""
        return self.program.first + self.program.count

    @property
    def full(self) -> bool:
        """Whether the program may go before the next call is added."""
        program = self.program
        return program.count >= ENOUGH_INSTRUCTIONS or program.bytes >= MOST_BYTES

    def make_room(self, location: Location | None) -> None:
        """Have a full program go, in the background, before a call from a location; waits where too much waits already.

        Raises `ConnectionFailed` for a server out of reach: before the call is added, which so can be made again.
        """
        with self.lock:
            program = self.program
            enough = program.count >= ENOUGH_INSTRUCTIONS and location == program.location
            if not (enough or program.count >= MOST_INSTRUCTIONS or program.bytes >= MOST_BYTES):
                return
            self._cut()
        self.wake()
        while self._unreachable or self._too_many():
            with waiting(), interruptible(self.session):
                self._send_first()
        self.print_out()

    def _too_many(self) -> bool:
        waiting = list(self._waiting)
        return len(waiting) > MOST_WAITING or (
            len(waiting) > 1 and sum(request.size for request in waiting) > MOST_WAITING_BYTES
        )

    def submit(
        self,
        form: Form,
        contents: Sequence[Content],
        spec: Spec | list[Spec] | None,
        *,
        symbolic: bool,
        name: str | None,
        told: bool,
        location: Location | None,
    ) -> Value:
        """Add a call; the value its result will be. `told` has the server say what that is."""
        if self.full:
            self.make_room(location)
        one = spec if isinstance(spec, Spec) else None
        with self.lock:
            identifier = self.program.add(form, contents, location)
            value = Value(self, identifier, one, None if symbolic else key_of(one))
            value.symbolic = symbolic
            value.items = [*spec] if isinstance(spec, list) else None
            value.wanted_name = name
            if told:
                self.program.tell(value)
        if self.quiet:
            self.notice()
        return value

    def flush(self, fetch: Sequence[Handle | int] = (), *, frees: bool = False) -> list[Any]:
        """Send what waits, and wait for the answers; the wire values of what to fetch.

        Raises the earliest error not raised yet, of this program or one before. Frees ride along; `frees` sends them
        also when there is nothing else.
        """
        with self.lock:
            if self.program.count or fetch or (self.frees and frees):
                self._cut(fetch).awaited = bool(fetch)
            last = self._waiting[-1] if self._waiting else None
        if last is not None:
            self._send_until(last)
        self.print_out()
        self.failures.raise_next()
        if last is None or not fetch:
            return []
        if last.error is not None:
            raise again(last.error)
        values = list(last.reply.get("values", ()))
        for wire in values:
            if isinstance(wire, Mapping) and "error" in wire:
                raise again(self.failures.first_cause(_error_of(wire)))
        return values

    def flush_quietly(self, *, wait: bool = False) -> KremoteError | None:
        """Send what waits, where there is nobody to tell of an error: the next `flush` raises it.

        Gives the error of a server out of reach; then what waits still waits.
        """
        with self.lock:
            if self.program.count or self.frees:
                self._cut()
        return self.send_waiting(wait=wait)

    def send_waiting(self, *, wait: bool = False) -> KremoteError | None:
        """Send the programs that are complete; gives the error of a server out of reach."""
        try:
            while self._waiting and self.live:
                self._send_first(wait)
        except (ConnectionFailed, Unavailable) as error:
            self._unreachable = True
            return error
        return None

    def keep_arrays(self) -> None:
        """Copy the arrays that a caller lent who does not wait any more, where the server may not have them."""
        me = threading.get_ident()
        with self.lock:
            if self.program.lender == me:
                self.program.keep()
            for request in self._waiting:
                if request.lender == me:
                    request.keep()

    def drop(self) -> None:
        """Drop what waits: the session is gone."""
        self._waiting.clear()
        self.program = self._new_program()

    def _cut(self, fetch: Sequence[Handle | int] = ()) -> Request:
        """Let the program become a request. The lock is held."""
        program = self.program
        # Drained after the instructions were added: an id is freed in the program that made it, or later.
        freed = [self.frees.popleft() for _ in range(len(self.frees))]
        if self.errors:
            for identifier in freed:
                self.errors.pop(identifier, None)
        request = program.request(fetch, freed, next(self.sequences))
        self.ids.take(program.count)
        self.program = self._new_program()
        self._waiting.append(request)
        return request

    def _send_until(self, last: Request) -> None:
        with self.sending:
            while not last.answered and self._waiting:
                self._exchange(self._waiting[0])

    def _send_first(self, wait: bool = True) -> None:
        with self.sending:
            if self._waiting:
                self._exchange(self._waiting[0], wait)
            self._unreachable = False

    def _exchange(self, request: Request, wait: bool = True) -> None:
        if request.lender not in (None, threading.get_ident()):
            with self.lock:  # its caller may be interrupted, and then change the arrays while they are sent
                request.keep()
        known = request.digest in self._templates
        try:
            request.reply = self._send(request.body(known), request.octets.length, request.sequence, wait)
        except (ConnectionFailed, Unavailable):
            raise
        except UnknownTemplate as error:
            self._templates.clear()
            if known:  # nothing was done, so in full it is another request
                request.sequence = next(self.sequences)
                return
            self._refused(request, error)
        except KremoteError as error:
            self._refused(request, error)
        else:
            self._answered(request)
        request.answered = True
        if self._waiting and self._waiting[0] is request:
            self._waiting.popleft()

    def _answered(self, request: Request) -> None:
        if request.digest is not None:
            self._templates[request.digest] = None
            self._templates.move_to_end(request.digest)
            if len(self._templates) > self._most_templates:
                self._templates.popitem(last=False)
        self.printed.extend(request.reply.get("printed", ()))
        told = {}
        for wire in request.reply.get("results", ()):
            result = result_from_wire(wire)
            if result.error is None:
                told[result.id - request.first] = result
            else:
                self._failed(request, result)
        for position, reference in request.unknown:
            value = reference()
            if value is not None and position in told:
                value.settle(told[position])

    def _failed(self, request: Request, result: Result) -> None:
        assert result.error is not None
        position = result.id - request.first
        location = request.locations[position] if 0 <= position < len(request.locations) else None
        self.errors[result.id] = self.failures.record(result.id, result.error, shown(location))

    def _refused(self, request: Request, error: KremoteError) -> None:
        """Take in the error of a program that the server did not run at all."""
        for position in request.kept:
            self.errors[request.first + position] = error
        if request.awaited:
            request.error = error
        else:
            self.failures.add(error)

    def print_out(self) -> None:
        """Print what the server printed: in the program's own thread, so that a notebook shows it where it belongs."""
        while self.printed:
            print(self.printed.popleft())

    def hold(self) -> None:
        """Let nobody add, nor exchange with the server, until `release`."""
        self.sending.acquire()
        self.lock.acquire()

    def release(self) -> None:
        """Let everybody go on."""
        self.lock.release()
        self.sending.release()


def _error_of(wire: Mapping[str, Any]) -> KremoteError:
    error = result_from_wire({"id": 0, **wire}).error
    assert error is not None
    return error
