"""kremote: the Keras backend API, `K.*`, on somebody else's accelerator.

from kremote import backend as K

K.connect("http://gpu-box:8000", token="...")
"""

from typing import Any as _Any

from kremote_proto import __version__
from kremote_proto.errors import (
    ConnectionFailed,
    FailedAssertion,
    Forbidden,
    IdTaken,
    InternalError,
    Interrupted,
    InvalidDType,
    InvalidType,
    InvalidValue,
    KremoteError,
    LimitExceeded,
    MalformedRequest,
    NotFound,
    OutOfMemory,
    QueueFull,
    QuotaExceeded,
    ResultTooLarge,
    SessionLost,
    StorageFailed,
    TimeExceeded,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnknownContent,
    UnknownId,
    UnknownOp,
    UnknownSession,
    UnknownTemplate,
    UnknownVariable,
    Unsupported,
    VersionMismatch,
)
from kremote_proto.handles import Function, Tensor, Variable

from .current import connect, current_session, disconnect
from .profiling import Profile
from .session import Session

__all__ = [
    "ConnectionFailed",
    "FailedAssertion",
    "Forbidden",
    "Function",
    "IdTaken",
    "InternalError",
    "Interrupted",
    "InvalidDType",
    "InvalidType",
    "InvalidValue",
    "KremoteError",
    "LimitExceeded",
    "MalformedRequest",
    "NotFound",
    "OutOfMemory",
    "Profile",
    "QueueFull",
    "QuotaExceeded",
    "ResultTooLarge",
    "Session",
    "SessionLost",
    "StorageFailed",
    "Tensor",
    "TimeExceeded",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "UnknownContent",
    "UnknownId",
    "UnknownOp",
    "UnknownSession",
    "UnknownTemplate",
    "UnknownVariable",
    "Unsupported",
    "Variable",
    "VersionMismatch",
    "__version__",
    "connect",
    "current_session",
    "disconnect",
    "load_ipython_extension",
]


def load_ipython_extension(shell: _Any) -> None:
    """What `%load_ext kremote` does: the notebook gets the magic `%%kremote_profile`."""
    from .profiling.magic import register

    register(shell)
