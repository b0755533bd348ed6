"""Names of sessions: what people may call them. No name can be taken for an id, which the server makes."""

from __future__ import annotations

import re

from .errors import InvalidType, InvalidValue, shown

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ID = re.compile(r"[A-Za-z0-9_-]{32}")


def is_session_id(text: str) -> bool:
    """Whether a text is a session's id, by its form.

    >>> is_session_id("my-experiment"), is_session_id("x" * 32)
    (False, True)
    """
    return _ID.fullmatch(text) is not None


def checked_session_name(name: object, path: str = "session") -> str:
    """A name that a session may have; raises `InvalidType` or `InvalidValue`.

    >>> checked_session_name("my-experiment")
    'my-experiment'
    """
    if not isinstance(name, str):
        raise InvalidType(f"expected the name of a session, as text; got {type(name).__name__} at {path}")
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"expected a name of 1 to 100 letters, digits and . _ - for a session; got {shown(name)} at {path}",
            hint="it begins with a letter or a digit, such as my-experiment",
        )
    if is_session_id(name):
        raise InvalidValue(
            f"expected a name that cannot be an id; {shown(name)} at {path} has an id's 32 characters",
            hint="make it longer or shorter",
        )
    return name
