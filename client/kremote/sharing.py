"""`K.share` and its like: variables that other users may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kremote_proto import handles
from kremote_proto.errors import InvalidType, InvalidValue

from .current import current_session
from .profiling.events import waiting
from .server_disk import FileThere
from .tensor import Variable


@dataclass(frozen=True)
class SharedVariable:
    """A variable that somebody lets others read."""

    owner: str
    #: What it is shared as.
    name: str
    #: Of your own: with whom, of which session (its id), and the variable's name there.
    users: tuple[str, ...] = ()
    session: str | None = None
    variable: str | None = None

    @property
    def address(self) -> str:
        """What `K.from_shared` takes, such as "alice/weights"."""
        return f"{self.owner}/{self.name}"


def share(variable: Any, *users: str, name: str | None = None) -> str:
    """Let other users read a variable, until you take it back or its session ends.

    They read it as it is when they read it, and cannot change it.

    Args:
        variable: a variable of yours that has a name.
        *users: who may read it, by the names of their tokens; those named before and not now may not any more.
        name: what it is shared as; None is the variable's name. Something else that you share has another name.

    Returns:
        The address for `K.from_shared`: your name and that one, such as "alice/weights".

    Raises:
        ValueError: when the variable has no name, nobody is named, or another session of yours shares something under
            that name.

    Example:
        >>> weights = K.variable([1.0, 2.0], name="learned")
        >>> address = K.share(weights, "bob", "carol")
        >>> K.unshare(weights)
    """
    session, called = _named(variable)
    if not users:
        raise InvalidValue("expected users to share with; got none", hint="K.unshare shares it with nobody")
    session.flush()
    with waiting():
        body = {"users": list(users), "variable": called}
        told = session._transport.call("PUT", _path(session, "shares", called if name is None else name), body)
    return f"{told['owner']}/{told['name']}"


def unshare(variable: Any, name: str | None = None) -> None:
    """Take back what you shared: nobody else reads it any more. Copies that were made stay.

    Args:
        variable: the variable.
        name: what it was shared as; None is the variable's name.

    Raises:
        LookupError: when it is not shared under that name.

    Example:
        >>> weights = K.variable([1.0, 2.0], name="taken_back")
        >>> address = K.share(weights, "bob")
        >>> K.unshare(weights)
    """
    session, called = _named(variable)
    with waiting():
        session._transport.call("DELETE", _path(session, "shares", called if name is None else name))


def shared() -> list[SharedVariable]:
    """What you share, and what others share with you.

    Returns:
        Of each its owner, name and address; of your own also with whom.

    Example:
        >>> weights = K.variable([1.0, 2.0], name="listed")
        >>> address = K.share(weights, "bob")
        >>> [one.users for one in K.shared() if one.address == address]
        [('bob',)]
        >>> K.unshare(weights)
    """
    listed = current_session()._transport.call("GET", "/v1/shared")["shared"]
    return [SharedVariable(**{**one, "users": tuple(one.get("users", ()))}) for one in listed]


def from_shared(address: str) -> handles.Tensor:
    """A tensor of your session with what somebody shares: a copy of their variable as it is now.

    Args:
        address: the owner's name and what it is shared as, such as "alice/weights".

    Returns:
        The tensor, which later changes of the variable leave as it is; `K.variable(tensor)` makes a variable of it.

    Raises:
        LookupError: when nothing of that address is shared with you, or not any more.
        TypeError: when it is of a dtype that cannot be copied: complex128, text.

    Example:
        >>> weights = K.variable([1.0, 2.0], name="source")
        >>> K.eval(K.from_shared(K.share(weights, "bob")))
        array([1., 2.], dtype=float32)
        >>> K.unshare(weights)
    """
    owner, slash, name = address.partition("/") if isinstance(address, str) else ("", "", "")
    if not (owner and slash and name):
        raise InvalidValue(f'expected an address such as "alice/weights"; got {address!r:.100}')
    session = current_session()
    copy = FileThere(session, name, _path(session, "shared", owner, name))
    (only,) = copy.specs
    return copy.tensor(only)


def _named(variable: Any) -> tuple[Any, str]:
    """A variable's session, and its name there."""
    if not isinstance(variable, Variable):
        raise InvalidType(f"expected a variable; got {variable!r:.100}")
    session = variable.session
    session.check_usable(variable._value)
    if not variable.name:
        raise InvalidValue(
            f"expected a variable with a name; {variable!r} has none",
            hint='make it with one: K.variable(value, name="w")',
        )
    return session, variable.name


def _path(session: Any, *parts: str) -> str:
    return str(session._path(*(quote(part, safe="") for part in parts)))
