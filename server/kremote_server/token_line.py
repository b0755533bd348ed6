"""One token as its file has it: `name sha256:hex`, and what the token may do, since when, until when.

alice sha256:9f86d0...
alice sha256:60303a... scope=read-only made=2026-11-25T08:00:00Z expires=2026-12-25T08:00:00Z
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal, TypeAlias, get_args

Scope: TypeAlias = Literal["user", "admin", "read-only"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_LINE = re.compile(rf"({NAME.pattern}) sha256:([0-9a-f]{{64}})((?: [a-z]+=\S+)*)")
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_DURATION = re.compile(r"(\d{1,9})(s|min|h|d|w)")
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class BadTokens(ValueError):
    """A tokens file, or a change of it, that cannot be."""


def digest(token: str) -> str:
    """What is kept of a token. Tokens are 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class Token:
    """What is known of a token without knowing it. Times are in seconds since 1970."""

    name: str
    digest: str = field(repr=False)
    scope: Scope = "user"
    made: int | None = None
    expires: int | None = None

    @property
    def id(self) -> str:
        """Tells a name's tokens apart, in listings and in the audit log; says nothing of the token."""
        return self.digest[:8]

    def valid(self, seconds: float = 0.0) -> bool:
        """Whether it has not expired, nor will in so many seconds."""
        return self.expires is None or time.time() + seconds < self.expires

    def to_line(self) -> str:
        """The line of the file; one of before there were scopes stays as it was."""
        words = [self.name, f"sha256:{self.digest}"]
        if self.scope != "user":
            words.append(f"scope={self.scope}")
        words += [f"made={moment(self.made)}"] if self.made is not None else []
        words += [f"expires={moment(self.expires)}"] if self.expires is not None else []
        return " ".join(words)


def token_of(line: str) -> Token:
    """The token of a line; raises `ValueError` for what is none, or says what this version does not know."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError("expected `name sha256:hex`")
    told = dict(word.split("=", 1) for word in match[3].split())
    scope = told.pop("scope", "user")
    made, expires = (_seconds(told.pop(name)) if name in told else None for name in ("made", "expires"))
    if told or scope not in SCOPES:
        # What a line forbids in words nobody here understands must not be allowed.
        raise ValueError(f"expected scope ({', '.join(SCOPES)}), made and expires behind the digest")
    return Token(match[1], match[2], scope, made, expires)


def moment(seconds: float) -> str:
    """A time as the file has it.

    >>> moment(1798185600)
    '2026-12-25T08:00:00Z'
    """
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(_MOMENT)


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, _MOMENT).replace(tzinfo=timezone.utc).timestamp())


def duration(text: str) -> int:
    """Seconds of a time such as 30d or 1h; raises `BadTokens`.

    >>> duration("90min"), duration("0")
    (5400, 0)
    """
    match = _DURATION.fullmatch(text)
    if match is None and text != "0":
        raise BadTokens(f"expected a time such as 45s, 90min, 12h, 30d or 2w; got {text!r}")
    return int(match[1]) * _UNITS[match[2]] if match else 0


def end_of(text: str) -> int:
    """When a time from now, or a moment in UTC (2026-12-31, 2026-12-31T18:00:00Z), is; raises `BadTokens`."""
    try:
        end = _seconds(f"{text}T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text)
    except ValueError:
        if _DURATION.fullmatch(text) is None:
            raise BadTokens(
                f"expected a time such as 12h or 30d, or a moment in UTC such as 2026-12-31 or 2026-12-31T18:00:00Z; "
                f"got {text!r}"
            ) from None
        end = int(time.time()) + duration(text)
    if not time.time() < end < 1 << 37:
        raise BadTokens(f"expected a moment to come; got {text!r}")
    return end
