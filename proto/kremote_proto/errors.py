"""Every error kremote raises or sends, in one tree.

    KremoteError
    ├── InvalidValue          (ValueError)           an argument has a value the op cannot take
    │   └── FailedAssertion   (AssertionError)       the same, where Keras asserts it
    ├── InvalidType           (TypeError)            an argument has a type the op cannot take
    │   └── InvalidDType      (ValueError)           a tensor's dtype the op cannot take, or dtypes that differ
    ├── MalformedRequest      (ValueError)           bytes or a structure that is not the protocol's
    ├── LimitExceeded         (ValueError)           a bound of the server: body, ids, program, nesting
    │   ├── ResultTooLarge    (MemoryError)          a tensor larger than the server allows
    │   └── QuotaExceeded     (MemoryError)          more values at a time than a session or its user may hold
    ├── UnknownOp             (LookupError)          no op of that name in the catalogue
    ├── UnknownId             (LookupError)          no value of that id in the session
    ├── UnknownVariable       (LookupError)          no variable of that name in the session
    ├── UnknownTemplate       (LookupError)          no template of that digest in the session (any more)
    ├── UnknownContent        (LookupError)          no content of that digest in the session (any more)
    ├── UnknownSession        (LookupError)          no such session, or somebody else's
    ├── NotFound              (LookupError)          no such address on this server
    ├── IdTaken               (ValueError)           an id that already names a value
    ├── Unauthorized          (PermissionError)      no token, a wrong one, or one that expired
    ├── Forbidden             (PermissionError)      a token that may not do this
    ├── Unsupported           (NotImplementedError)  the session's engine cannot do this
    ├── VersionMismatch       (RuntimeError)         client and server share no protocol version
    ├── OutOfMemory           (MemoryError)          the device had no memory left for the op
    ├── StorageFailed         (OSError)              the server could not write down what was asked, and did not do it
    ├── SessionLost           (RuntimeError)         the session's values are gone, with a worker or a damaged file
    ├── Interrupted           (RuntimeError)         the session's user asked to stop before it was done
    ├── TimeExceeded          (RuntimeError)         a request that computed longer than the server allows
    ├── Unavailable           (ConnectionError)      the server is starting, stopping or replacing a worker
    │   ├── TooManyRequests                          more requests of one user than the server takes at a time
    │   └── QueueFull                                more requests wait for a session than the server lets wait
    ├── ConnectionFailed      (ConnectionError)      the client could not reach the server
    └── InternalError         (RuntimeError)         a defect of kremote

Each class states its wire code and its HTTP status once; the wire form is made by `KremoteError.to_wire` and read by
`error_from_wire`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any, ClassVar

from .source_lines import described


class KremoteError(Exception):
    """The base of all errors.

    `message` says what was expected, what came and where; `op` and `instruction` (an id) name the place in a program;
    `hint` says what would fix it; `cause` is the id of the earlier instruction whose failure this one inherited.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(
        self,
        message: str,
        *,
        op: str | None = None,
        instruction: int | None = None,
        hint: str | None = None,
        cause: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.op = op
        self.instruction = instruction
        self.hint = hint
        self.cause = cause
        #: "file:line" of the client's call that made the failed instruction, where the client knows it.
        self.location: str | None = None

    def __str__(self) -> str:
        text = f"{self.op}: {self.message}" if self.op else self.message
        if self.location:
            text += f"\n  called at {described(self.location)}"
        if self.hint:
            text += f"\n  hint: {self.hint}"
        return text

    def at(self, *, op: str | None = None, instruction: int | None = None) -> KremoteError:
        """Name the place, where it is not named yet."""
        self.op = self.op or op
        self.instruction = self.instruction if self.instruction is not None else instruction
        return self

    def to_wire(self) -> dict[str, Any]:
        """The error as the one map every reply uses."""
        wire: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "op": self.op,
            "instruction": self.instruction,
            "hint": self.hint,
        }
        if self.cause is not None:
            wire["cause"] = self.cause
        return wire


class InvalidValue(KremoteError, ValueError):
    """An argument has a value the op cannot take."""

    code, status = "invalid_value", 400


class FailedAssertion(InvalidValue, AssertionError):
    """An argument has a value the op cannot take, of which Keras has an assertion."""

    code, status = "failed_assertion", 400


class InvalidType(KremoteError, TypeError):
    """An argument has a type the op cannot take."""

    code, status = "invalid_type", 400


class InvalidDType(InvalidType, ValueError):
    """A tensor's dtype is one the op cannot take, or dtypes differ.

    The references raise a TypeError for some and a ValueError for others of these; whoever expects either catches it.
    """

    code, status = "invalid_dtype", 400


class MalformedRequest(KremoteError, ValueError):
    """Bytes or a structure that is not the protocol's."""

    code, status = "malformed_request", 400


class LimitExceeded(KremoteError, ValueError):
    """A bound of the server would be passed."""

    code, status = "limit_exceeded", 413


class ResultTooLarge(LimitExceeded, MemoryError):
    """A tensor larger than the server allows; refused before memory was taken."""

    code, status = "result_too_large", 413


class QuotaExceeded(LimitExceeded, MemoryError):
    """More bytes of values than a session, or all of its user's, may hold at a time; memory was not taken."""

    code, status = "quota_exceeded", 413


class UnknownOp(KremoteError, LookupError):
    """No op of that name in the catalogue."""

    code, status = "unknown_op", 404


class UnknownId(KremoteError, LookupError):
    """No value of that id in the session."""

    code, status = "unknown_id", 404


class UnknownVariable(KremoteError, LookupError):
    """No variable of that name in the session."""

    code, status = "unknown_variable", 404


class UnknownTemplate(KremoteError, LookupError):
    """No template of that digest in the session, or no more; nothing of the program was done."""

    code, status = "unknown_template", 404


class UnknownContent(KremoteError, LookupError):
    """No content of that digest in the session, or no more; nothing was done."""

    code, status = "unknown_content", 404


class UnknownSession(KremoteError, LookupError):
    """No such session, or one that belongs to somebody else."""

    code, status = "unknown_session", 404


class NotFound(KremoteError, LookupError):
    """No such address on this server."""

    code, status = "not_found", 404


class IdTaken(KremoteError, ValueError):
    """An id that already names a value."""

    code, status = "id_taken", 409


class Unauthorized(KremoteError, PermissionError):
    """No token, a wrong one, or one that expired."""

    code, status = "unauthorized", 401


class Forbidden(KremoteError, PermissionError):
    """The token is known, and its scope does not have this."""

    code, status = "forbidden", 403


class Unsupported(KremoteError, NotImplementedError):
    """The session's engine cannot do this."""

    code, status = "unsupported", 501


class VersionMismatch(KremoteError, RuntimeError):
    """Client and server share no protocol version."""

    code, status = "version_mismatch", 426


class OutOfMemory(KremoteError, MemoryError):
    """The device had no memory left for the op."""

    code, status = "out_of_memory", 507


class StorageFailed(KremoteError, OSError):
    """The server could not write down what was asked (its disk is full, say), so nothing of it was done."""

    code, status = "storage_failed", 507


class SessionLost(KremoteError, RuntimeError):
    """The session's values are gone: its worker died and nothing is kept, or what was kept is damaged."""

    code, status = "session_lost", 410


class Interrupted(KremoteError, RuntimeError):
    """The session's user asked to stop before it was done: nothing came of it."""

    code, status = "interrupted", 409


class TimeExceeded(KremoteError, RuntimeError):
    """A request that computed for longer than the server lets one; it was ended."""

    code, status = "time_exceeded", 422


class Unavailable(KremoteError, ConnectionError):
    """The server is starting, stopping or replacing a worker; ask again shortly."""

    code, status = "unavailable", 503
    #: After how many seconds asking again is worth it.
    retry_after: float = 1.0


class TooManyRequests(Unavailable):
    """More requests of one user than the server takes, at a time or in a second; nothing was done of this one."""

    code, status = "too_many_requests", 429


class QueueFull(Unavailable):
    """More requests wait for their turn in one session than may; nothing was done of this one."""

    code, status = "queue_full", 503


class ConnectionFailed(KremoteError, ConnectionError):
    """The client could not reach the server."""

    code, status = "connection_failed", 502


class InternalError(KremoteError, RuntimeError):
    """A defect of kremote."""

    code, status = "internal", 500


def _tree(root: type[KremoteError]) -> dict[str, type[KremoteError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        found.update(_tree(child))
    return found


#: Wire code → class.
ERRORS = _tree(KremoteError)


def shown(value: Any) -> str:
    """A value as a message shows it: short, whatever it is.

    >>> shown([1, 2]), shown("x" * 1000)
    ('[1, 2]', "'xxxxxxxxxxxx...xxxxxxxxxxxxx'")
    """
    return reprlib.repr(value)[:80]


def error_from_wire(wire: Mapping[str, Any]) -> KremoteError:
    """The exception a wire error stands for; a code this version does not know becomes a plain `KremoteError`.

    >>> error_from_wire({"code": "invalid_value", "message": "axis 3 is outside [-2, 2)", "op": "sum"})
    InvalidValue('axis 3 is outside [-2, 2)')
    """
    error_class = ERRORS.get(str(wire.get("code")), KremoteError)
    return error_class(
        str(wire.get("message")),
        op=wire.get("op"),
        instruction=wire.get("instruction"),
        hint=wire.get("hint"),
        cause=wire.get("cause"),
    )
