"""Files of variables on the server's disk: saved, read, listed, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import quote

from kremote_proto import handles
from kremote_proto.specs import Spec, spec_from_wire

from .current import current_session
from .keys import key_of
from .profiling.events import waiting
from .session import Session
from .tensor import Tensor, Variable
from .values import Value


class SavedFile(NamedTuple):
    """A file on the server's disk: its bytes, and when it was saved."""

    bytes: int
    saved: datetime


def saved() -> dict[str, SavedFile]:
    """What you saved on the server's disk.

    Returns:
        By name, how many bytes each file has and when it was saved.

    Example:
        >>> names = K.save("weights.npz", {"w": K.ones((2,))}, where="server")
        >>> K.saved()
        {'weights.npz': SavedFile(bytes=..., saved=datetime.datetime(...))}
    """
    listed = current_session()._transport.call("GET", "/v1/saves")["saves"]
    return {one["name"]: SavedFile(one["bytes"], datetime.fromtimestamp(one["saved"], timezone.utc)) for one in listed}


def delete_saved(name: str) -> None:
    """Delete a file from the server's disk.

    Args:
        name: what it was saved as.

    Raises:
        LookupError: when there is no such file.

    Example:
        >>> names = K.save("weights.npz", {"w": K.ones((2,))}, where="server")
        >>> K.delete_saved("weights.npz")
        >>> K.saved()
        {}
    """
    current_session()._transport.call("DELETE", f"/v1/saves/{quote(name, safe='')}")


def save_there(name: str, variables: Mapping[str, Variable]) -> None:
    """Have the server save variables of one session."""
    session = next(iter(variables.values())).session
    for key, variable in variables.items():
        session.check_usable(variable._value, f"variables[{key!r}]")
    session.flush()
    references = {key: variable.reference for key, variable in variables.items()}
    with waiting():
        session._transport.call("PUT", _path(session, name), {"tensors": references})


class FileThere:
    """A file on the server, whose tensors are in a session already, where only handles know of them.

    It is on the server's disk, or at a `path` of its own in the session.
    """

    def __init__(self, session: Session, name: str, path: str | None = None) -> None:
        session.flush()
        with session.queue.lock:
            sequence = next(session.queue.sequences)
        with waiting():
            told = session._transport.call("POST", path or _path(session, name), sequence=sequence)["tensors"]
        self.specs: Mapping[str, Spec] = {one["name"]: spec_from_wire(one) for one in told}
        # Of each there is a handle from now on, so that those that nobody wants are freed.
        self._tensors = {one["name"]: _tensor(session, one["id"], self.specs[one["name"]]) for one in told if one["id"]}

    def tensor(self, name: str) -> handles.Tensor:
        """One of its tensors."""
        return self._tensors[name]


def _tensor(session: Session, identifier: int, spec: Spec) -> Tensor:
    return Tensor(Value(session.queue, identifier, spec, key_of(spec)))


def _path(session: Session, name: str) -> str:
    return session._path("saves", quote(name, safe=""))
