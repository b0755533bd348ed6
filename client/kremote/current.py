"""The session K functions use: the one entered here, else the process's own, which is made when first needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session

_entered: ContextVar[Session | None] = ContextVar("kremote_session", default=None)
_default: Session | None = None
_lock = threading.RLock()


def entered_session(session: Session) -> Token[Session | None]:
    """Make a session the current one here: in this thread, or this task."""
    return _entered.set(session)


def leave_session(token: Token[Session | None]) -> None:
    """Go back to the session before."""
    _entered.reset(token)


@contextmanager
def inside(session: Session) -> Iterator[None]:
    """Have a session be the current one for a while."""
    token = entered_session(session)
    try:
        yield
    finally:
        leave_session(token)


def leave_newest(tokens: list[Token[Session | None]]) -> None:
    """Go back by the newest token that this thread or task made, and take it from the list.

    Raises `ValueError` where it made none.
    """
    for token in reversed(list(tokens)):
        try:
            leave_session(token)
        except ValueError:  # another thread or task made it
            continue
        tokens.remove(token)
        return
    raise ValueError("expected to leave a session's block in the thread or task that entered it")


def existing_session() -> Session | None:
    """The session K functions use, if there is one yet."""
    return _entered.get() or _default


def current_session() -> Session:
    """The session K functions use. Where nothing is connected it connects as the settings say.

    Raises `ConnectionFailed` with what to do where they say nothing and no local server can be started.
    """
    session = _entered.get() or _default
    if session is not None:
        return session
    with _lock:
        return _default or connect()


def connect(
    url: str | None = None,
    token: str | None = None,
    session: str | None = None,
    *,
    engine: str | None = None,
    timeout: float | None = None,
    compress: bool | None = None,
) -> Session:
    """Connect K to a server. The session made before, if any, is left.

    Args:
        url: the server's, as `kremote serve` prints it; None is `KREMOTE_URL`, else a private local server.
        token: what the server knows the caller by; None is the one in the URL, else `KREMOTE_TOKEN`.
        session: the name of a session to take up again, or to open where there is none, such as "my-experiment"; or the
            id of one to take up. None is `KREMOTE_SESSION`, else a new one without a name, which is yours alone.
        engine: the engine wanted; None is the one `keras.json` or `KERAS_BACKEND` names, else the server's first.
        timeout: seconds one request may take.
        compress: whether large bodies are compressed, for a slow link; None is `KREMOTE_COMPRESS`, else not.

    Returns:
        The session.

    Raises:
        ConnectionError: when there is no kremote server at the URL.
        PermissionError: when the server does not know the token.
        LookupError: when there is no session of that id.
        ValueError: when the session computes with another engine than the one wanted.

    Example:
        >>> session = K.connect("http://gpu-box:8000", token="...")
    """
    global _default
    from .local_server import local_server
    from .session import Session
    from .settings import current_settings

    settings = current_settings()
    if url is None:
        url, session = settings.url, session or settings.session
    if url is None:
        local = local_server()
        url, token = local.url, token or local.token
    opened = Session(url, token, session, engine=engine, timeout=timeout, compress=compress)
    with _lock:
        before, _default = _default, opened
    if before is not None:
        before.close()
    return opened


def set_default_session(session: Session) -> None:
    """Make a session the process's own; the one before stays open."""
    global _default
    with _lock:
        _default = session


def disconnect() -> None:
    """Send what waits and leave the server. The session stays there, to be taken up again by its name or id.

    Example:
        >>> K.disconnect()
    """
    global _default
    with _lock:
        before, _default = _default, None
    if before is not None:
        before.close()
