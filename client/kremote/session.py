"""A session: one user's values on a server, seen from the client."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import Token
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kremote_proto import handles
from kremote_proto.errors import (
    ConnectionFailed,
    InvalidValue,
    KremoteError,
    LimitExceeded,
    SessionLost,
    UnknownSession,
)
from kremote_proto.tensors import Array

from . import process
from .address import configured_address
from .connection import Piece
from .contents import Contents
from .current import entered_session, leave_newest
from .interrupting import interruptible
from .opening import opened_session
from .profiling.events import waiting
from .program_queue import ProgramQueue
from .received import received
from .sender import Sender
from .session_backend import SessionBackend
from .settings import current_settings
from .transport import Transport
from .values import Value

if TYPE_CHECKING:
    from .tensor import Handle, Variable

#: What a server says of a session it does not have any more.
_GONE = (UnknownSession, SessionLost)


class Session:
    """A session on a server.

    As a context manager it is the one K functions use inside, and is deleted at the end if it was made here:

        with kremote.Session("http://gpu-box:8000", token="...") as session:
            K.eval(K.ones((2, 2)))

    `session.K` has all of K's functions for this session, wherever they are called. Any thread may use a session.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        session: str | None = None,
        *,
        engine: str | None = None,
        timeout: float | None = None,
        compress: bool | None = None,
        transport: Transport | None = None,
    ) -> None:
        """Open a session, or take one up again.

        Args:
            url: the server's, as `kremote serve` prints it; None is `KREMOTE_URL`.
            token: what the server knows the caller by; None is the one in the URL, else `KREMOTE_TOKEN`.
            session: the name of a session to take up again, or to open where there is none; or the id of one to take
                up. None opens one without a name.
            engine: the engine wanted; None is the one `keras.json` or `KERAS_BACKEND` names, else the server's first.
            timeout: seconds one request may take.
            compress: whether large bodies are compressed, for a slow link; None is `KREMOTE_COMPRESS`, else not.
            transport: how requests travel, where it is not plain HTTP.

        Raises:
            ConnectionError: when there is no kremote server at the URL.
            PermissionError: when the server does not know the token.
            LookupError: when there is no session of that id.
            ValueError: when the session computes with another engine than the one wanted.
        """
        settings = current_settings()
        self.address = transport.address if transport else configured_address(url, token, settings)
        self._transport = transport or Transport(
            self.address,
            timeout=settings.timeout if timeout is None else timeout,
            connect_timeout=settings.connect_timeout,
            retry_seconds=settings.retry_seconds,
            compress=settings.compress if compress is None else compress,
        )
        self._wanted_engine = engine or settings.engine
        self._ending = self._closed = False
        self._entered: list[Token[Session | None]] = []
        #: Symbols that the session has once, such as the learning phase.
        self.symbols: dict[str, handles.Tensor] = {}
        #: What `K.get_session` made of this session, if anything.
        self.graph_session: Any = None
        try:
            self._description = self._open(session)
            self._made_here = session is None
        except BaseException:
            self._transport.close()
            raise
        self._idle_seconds = settings.idle_seconds
        self._begin_queue()
        process.follow(self)

    @property
    def id(self) -> str:
        """The session's id, with which it can be taken up again."""
        return str(self._description["session"])

    @property
    def name(self) -> str | None:
        """What its user calls it, None where it has no name."""
        return self._description.get("name")

    @property
    def taken_up(self) -> bool:
        """Whether the session was there before this client came."""
        return not self._description.get("is_new", False)

    @property
    def url(self) -> str:
        """The server's URL, without the token."""
        return self.address.url

    @property
    def engine(self) -> str:
        """The name of the engine that computes."""
        return str(self._description["engine"])

    @property
    def server(self) -> Any:
        """What the server says of itself."""
        return self._description.get("server")

    @property
    def limits(self) -> dict[str, Any]:
        """The server's bounds."""
        return dict(self._description.get("limits") or {})

    @property
    def closed(self) -> bool:
        """Whether the session was closed here."""
        return self._closed

    @property
    def traffic(self) -> dict[str, int]:
        """Requests made so far, and the bytes of their bodies."""
        return self._transport.traffic

    @property
    def K(self) -> SessionBackend:  # noqa: N802  Keras' name
        """K's functions, for this session."""
        return SessionBackend(self)

    def __enter__(self) -> Session:
        self._entered.append(entered_session(self))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        leave_newest(self._entered)
        if self._entered or self._closed:
            return
        try:
            self.flush()
        except KremoteError:
            if kind is None:
                raise
        finally:
            self.delete() if self._made_here else self.close()

    def __repr__(self) -> str:
        return f"<kremote.Session {self.name or self.id} on {self.url}{' closed' if self._closed else ''}>"

    def variables(self) -> dict[str, Variable]:
        """The variables that have names, by name; also those that other clients of the session made."""
        from .variables import variables_of

        return variables_of(self)

    def flush(self) -> None:
        """Send what waits; raises the earliest error not raised yet."""
        self.check_open()
        with waiting(), interruptible(self):
            self.queue.flush(frees=True)

    def interrupt(self) -> None:
        """Have the server stop what it does for this session: what Ctrl-C does, for any thread to call.

        Instructions that are done stay done; those that are not fail with `Interrupted`. An instruction that runs now
        is done first, unless it is a function with a loop that changes no variable, which ends at its next turn.
        """
        self.check_open()
        self.queue.failures.interrupted = True
        self._transport.call("POST", self._path("interrupt"), patient=False, retry_seconds=0.0)

    def close(self) -> None:
        """Send what waits and drop the connection. The session stays on the server, to be taken up again by its id."""
        if self._closed:
            return
        try:
            self.queue.flush(frees=True)
        finally:
            self._sender.stop()
            self.queue.live = False
            self._closed = True
            self._transport.close()

    def delete(self) -> None:
        """Delete the session and everything in it from the server."""
        if self._closed:
            return
        self._closed = True
        self.queue.live = False
        self._sender.stop()
        try:
            with self.queue.sending, self.queue.lock, suppress(ConnectionFailed, *_GONE):
                sequence = self._next_sequence()
                self.queue.drop()  # nothing that waits is sent to a session that is gone
                self._transport.call("DELETE", self._path(), sequence=sequence, patient=False)
        finally:
            self._transport.close()

    def clear(self) -> None:
        """Replace the session on the server by a new, empty one. Handles made before name nothing any more."""
        self.check_open()
        with self.queue.sending, self.queue.lock:
            self.queue.flush_quietly()
            unseen = [error for error in self.queue.failures.drain() if not isinstance(error, _GONE)]
            with suppress(*_GONE):
                self._transport.call("DELETE", self._path(), sequence=self._next_sequence())
            self.queue.live = False
            self.queue.drop()
            self._sender.stop()
            self.symbols.clear()
            self.graph_session = None
            self._description = self._open(self.name)
            self._begin_queue()
            self._made_here = self.name is None
        if unseen:
            raise unseen[0]

    # What calls and handles use.

    def fetch(self, wanted: Sequence[Handle]) -> list[Any]:
        """The arrays of handles, after everything queued before; of a result of several a list."""
        self.check_open()
        with waiting(), interruptible(self):
            wires = self.queue.flush(wanted)
            return [
                received(wire, handle.reference, self._download) for wire, handle in zip(wires, wanted, strict=True)
            ]

    def fetch_result(self, value: Value) -> Any:
        """The array of the call that was queued last, or a list of its arrays."""
        self.check_open()
        with waiting(), interruptible(self):
            try:
                (wire,) = self.queue.flush([value.id])
            except KremoteError:
                self.forget_error(value)  # where an earlier call's was raised, the line is not to fail twice
                raise
            return received(wire, {"ref": value.id}, self._download)

    def learn(self, value: Value) -> None:
        """Have the server say what it knows of a value."""
        self.check_usable(value)
        with waiting(), interruptible(self):
            self.queue.flush()
        self.check_usable(value)

    def upload(self, array: Array) -> int:
        """Put a large array on the server; the id it has there, which the caller frees."""
        self.check_open()
        self.check_body(array.nbytes)
        with self.queue.lock:
            identifier = self.queue.upload_ids.take()
        with waiting():
            place = self._path("tensors", str(identifier))
            self._contents.upload(array, partial(self._transport.upload, place, array), self._next_sequence)
        return identifier

    def forget_error(self, value: Value) -> None:
        """Raise the error of a value's own instruction no more, except where the value is used."""
        if value.error is not None and value.error.instruction == value.id:
            self.queue.failures.seen(value.error)

    def free(self, identifier: int) -> None:
        """Free an id with the next program."""
        self.queue.frees.append(identifier)

    def check_usable(self, value: Value, path: str = "") -> None:
        """Refuse a value of another session, of one that is over, or one that failed."""
        place = f" at {path}" if path else ""
        if value.session is not self:
            raise InvalidValue(
                f"expected a handle of {self!r}; got one of {value.session!r}{place}",
                hint="fetch the value with its own session and make it anew: K.variable(handle.eval())",
            )
        self.check_open()
        if value.queue is not self.queue:
            raise InvalidValue(f"expected a live handle; got one made before K.clear_session(){place}")
        if value.error is not None:
            raise self.queue.failures.seen(value.error)

    # How it is done.

    def _begin_queue(self) -> None:
        """Take a queue for the session on the server, with ids of its own."""
        self.queue = ProgramQueue(
            self, self._send, int(self.limits.get("templates", 0)), "octet_alignment" in self.limits
        )
        self._contents = Contents(int(self.limits.get("content_bytes", 0)))
        self._transport.inflated_bytes = int(self.limits.get("inflated_bytes", 0))
        self._sender = Sender(self.queue, self._idle_seconds)

    def _open(self, wanted: str | None) -> dict[str, Any]:
        return opened_session(self._transport, wanted, self._wanted_engine)

    def _path(self, *parts: str) -> str:
        return "/".join(["/v1/sessions", quote(self.id, safe=""), *parts])

    def check_body(self, octets: int) -> None:
        """Refuse an array that the server would not take."""
        most = self.limits.get("body_bytes", octets)
        if octets > most:
            raise LimitExceeded(
                f"expected an array of at most {most} bytes for this server; got {octets}",
                hint="send it in smaller parts, or ask the server's owner for a higher body_bytes",
            )

    def _next_sequence(self) -> str:
        with self.queue.lock:
            return next(self.queue.sequences)

    def _send(self, body: Sequence[Piece], octets: int, sequence: str, wait: bool) -> Mapping[str, Any]:
        path = self._path(f"run?octets={octets}" if octets else "run")
        call = partial(self._transport.call, "POST", path, body, sequence=sequence)
        return call(patient=not self._ending, retry_seconds=None if wait else 0.0)

    def _download(self, reference: Mapping[str, Any], item: int | None, dtype: str) -> Array:
        return self._transport.download(self._place(reference), item=item, dtype=dtype)

    def _place(self, reference: Mapping[str, Any]) -> str:
        """Where what a reference names is read on its own."""
        if "variable" in reference:
            return self._path("variables", quote(reference["variable"], safe=""))
        return self._path("tensors", str(reference["ref"]))

    def check_open(self) -> None:
        """Refuse what is asked of a session that was closed."""
        if self._closed:
            raise InvalidValue(
                f"expected an open session; {self!r} is closed",
                hint="K.connect(url, session=...) takes it up again; handles made before stay with the closed one",
            )

    def before_fork(self) -> None:
        """Send what waits, so that the child's copies of handles name something; hold the queue still."""
        self.queue.hold()
        if not self._closed and self.queue.waiting:
            self.queue.flush_quietly()

    def after_fork_in_parent(self) -> None:
        """Let the queue go on."""
        self.queue.release()

    def after_fork_in_child(self) -> None:
        """Take ids, sequences and a connection of one's own; what the parent made is the parent's to free."""
        self.queue.start_over()
        self._sender.reset()
        self._transport.renew()
        self._made_here = False

    def end_of_process(self, leave: bool) -> None:
        """Send what waits, say what failed unseen, and where it is wished leave a session made here."""
        if self._closed:
            return
        self._ending = True
        unsent = self.queue.flush_quietly(wait=True)
        self.queue.print_out()
        for error in [*self.queue.failures.drain(), *([unsent] if unsent else [])]:
            print(f"kremote: {type(error).__name__}: {error}", file=sys.stderr)
        if leave and self._made_here:
            self._leave_unless_named()
        self._transport.close()

    def _leave_unless_named(self) -> None:
        """Delete the session unless something in it has a name, by which it can be found again."""
        with suppress(KremoteError):
            if not self._transport.call("GET", self._path("variables"), patient=False, retry_seconds=0.0)["variables"]:
                sequence = self._next_sequence()
                self._transport.call("DELETE", self._path(), sequence=sequence, patient=False, retry_seconds=0.0)
