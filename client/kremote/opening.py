"""Opening a session on a server: a new one, or one that is there, by its name or id."""

from __future__ import annotations

import platform
import time
import warnings
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from kremote_proto import PROTOCOL_VERSIONS, __version__
from kremote_proto.errors import ConnectionFailed, InvalidValue, SessionLost, UnknownSession
from kremote_proto.session_names import checked_session_name, is_session_id

from .transport import Transport


def opened_session(transport: Transport, wanted: str | None, engine: str | None) -> dict[str, Any]:
    """What a server says of a session that it opened, or had; `is_new` is whether it opened it now.

    Raises `UnknownSession` for an id that it does not have, and `InvalidValue` where the session has another engine.
    """
    opened = None if wanted is None else _taken_up(transport, wanted)
    if opened is None:
        opened = _opened(transport, wanted, engine)
    elif engine is not None and opened["engine"] != engine:
        raise InvalidValue(
            f"expected a session of engine {engine}; {wanted} has {opened['engine']}",
            hint="ask for no engine, or for that one; another engine needs a session of another name",
        )
    _warn_of_ends(opened)
    return opened


def _taken_up(transport: Transport, wanted: str) -> dict[str, Any] | None:
    """A session that is there; None where a name is free."""
    if not is_session_id(wanted):
        checked_session_name(wanted)
    try:
        return transport.call("GET", f"/v1/sessions/{quote(wanted, safe='')}", patient=False)
    except UnknownSession:
        if is_session_id(wanted):
            raise
        return None
    except SessionLost as error:
        error.hint = f"`kremote sessions end {wanted}` gives it up; after that its name is free for a new one"
        raise


def _opened(transport: Transport, name: str | None, engine: str | None) -> dict[str, Any]:
    client = f"kremote/{__version__} python/{platform.python_version()}"
    body = {"protocol": list(PROTOCOL_VERSIONS), "engine": engine, "client": client}
    reply = transport.call("POST", "/v1/sessions", body if name is None else {**body, "name": name}, patient=False)
    if "session" not in reply:
        raise ConnectionFailed(
            f"expected a kremote server at {transport.address.url}; what answers there opens no session"
        )
    # Where another client of the same name came first, the server says when that was made.
    return {**reply, "is_new": "created" not in reply}


def _warn_of_ends(opened: Mapping[str, Any]) -> None:
    """Warn of sessions that nobody used for so long that they end soon."""
    for one in opened.get("expiring") or ():
        called, when = (
            one.get("name") or one["session"],
            time.strftime("%Y-%m-%d %H:%M", time.localtime(one["expires"])),
        )
        if one["session"] == opened["session"]:
            text = f"session {called} was unused for so long that it would have ended at {when}; it is in use again"
        else:
            text = f"session {called} ends at {when} unless somebody uses it: K.connect(url, session={called!r}) does"
        warnings.warn(text, stacklevel=6)
