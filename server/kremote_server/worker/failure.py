"""What stands under the id of an instruction that failed."""

from __future__ import annotations

from dataclasses import dataclass

from kremote_proto.errors import KremoteError


@dataclass(frozen=True)
class Failure:
    """What stands under the id of an instruction that failed."""

    error: KremoteError


def without_frames(error: KremoteError) -> KremoteError:
    """The error alone: its traceback would keep the arguments of the call alive."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def inherited(error: KremoteError, cause: int) -> KremoteError:
    """A copy of an earlier error for an instruction that depends on it."""
    inherited = type(error)(error.message, op=error.op, instruction=error.instruction, hint=error.hint)
    inherited.cause = cause if error.cause is None else error.cause
    return inherited
