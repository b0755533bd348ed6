"""kremote: the Keras backend API, `K.*`, on somebody else's accelerator.

from kremote import backend as K

K.connect("http://gpu-box:8000", token="...")
"""

from kremote_proto import __version__
from kremote_proto.errors import (
    ConnectionFailed,
    FailedAssertion,
    IdTaken,
    InternalError,
    InvalidDType,
    InvalidType,
    InvalidValue,
    KremoteError,
    LimitExceeded,
    MalformedRequest,
    NotFound,
    OutOfMemory,
    ResultTooLarge,
    SessionLost,
    Unauthorized,
    Unavailable,
    UnknownId,
    UnknownOp,
    UnknownSession,
    UnknownVariable,
    Unsupported,
    VersionMismatch,
)
from kremote_proto.handles import Function, Tensor, Variable

from .current import connect, current_session, disconnect
from .session import Session

__all__ = [
    "ConnectionFailed",
    "FailedAssertion",
    "Function",
    "IdTaken",
    "InternalError",
    "InvalidDType",
    "InvalidType",
    "InvalidValue",
    "KremoteError",
    "LimitExceeded",
    "MalformedRequest",
    "NotFound",
    "OutOfMemory",
    "ResultTooLarge",
    "Session",
    "SessionLost",
    "Tensor",
    "Unauthorized",
    "Unavailable",
    "UnknownId",
    "UnknownOp",
    "UnknownSession",
    "UnknownVariable",
    "Unsupported",
    "Variable",
    "VersionMismatch",
    "__version__",
    "connect",
    "current_session",
    "disconnect",
]
