"""The audit log: who came in, who was refused, and what was done with tokens and with other people's sessions.

One JSON object a line, in a file of its own or among the other logs. It names people, addresses and tokens' ids, and
never a token, a session's whole id or a value.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import structlog

from .exchange import Exchange
from .logs import write_line
from .token_line import Token, moment

log = structlog.get_logger("kremote.audit")

#: A token that was not used for so long from an address comes in anew.
_LOGIN_SECONDS = 900.0
#: So many pairs of token and address are remembered.
_MOST_KNOWN = 10_000


class Audit:
    """Writes the audit log. A disk that takes no more is said once, and holds nobody up."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._seen: dict[tuple[str, str], float] = {}
        #: How many lines could not be written since the last one that could, and whether a part of one was.
        self._missed, self._torn = 0, False

    def used(self, exchange: Exchange, token: Token) -> None:
        """A token was accepted: note where it comes in, not each of its requests."""
        key, now = (token.digest, exchange.client), time.monotonic()
        before = self._seen.get(key)
        self._seen[key] = now
        if before is not None and now - before < _LOGIN_SECONDS:
            return
        if len(self._seen) > _MOST_KNOWN:
            self._seen = {known: at for known, at in self._seen.items() if now - at < _LOGIN_SECONDS}
        self._write("login", exchange)

    def refused(self, exchange: Exchange, status: int, code: str, method: str, route: str) -> None:
        """A request was refused for who sent it."""
        self._write("denial", exchange, status=status, code=code, method=method, route=route)

    def session_made(self, exchange: Exchange) -> None:
        """Somebody made a session."""
        self._write("session made", exchange)

    def session_ended(self, exchange: Exchange, owner: str) -> None:
        """An admin ended a session of somebody else."""
        self._write("session ended by an admin", exchange, owner=owner)

    def shared(self, exchange: Exchange, name: str, users: Sequence[str]) -> None:
        """Somebody shared a variable with these users, or with nobody any more."""
        self._write("variable shared" if users else "variable not shared", exchange, name=name, users=list(users))

    def token_changed(self, act: str, token: Token, by: str) -> None:
        """A token was made, rotated or revoked on the command line, by an account of this machine."""
        expires = None if token.expires is None else moment(token.expires)
        about = {"user": token.name, "scope": token.scope, "token": token.id, "expires": expires}
        self._add(self._line(act, {**about, "by": by}))

    def _write(self, act: str, exchange: Exchange, **more: Any) -> None:
        token = exchange.token
        told = {
            "user": exchange.user,
            "scope": token and token.scope,
            "token": token and token.id,
            "client": exchange.client,
            "session": exchange.session,
            "request": exchange.id,
            **more,
        }
        if self._path is None:
            write_line("kremote.audit", act, **told)
        else:
            self._add(self._line(act, told))

    def _line(self, act: str, told: Mapping[str, Any]) -> bytes:
        now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
        return json.dumps({"timestamp": now, "event": act, **told}).encode() + b"\n"

    def _add(self, line: bytes) -> None:
        """Add a line in one write to the file that has the name now: somebody may have moved the last one away."""
        assert self._path is not None
        try:
            # Without O_NONBLOCK a pipe that nobody reads would hold up the whole server.
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
            try:
                whole = b"\n" + line if self._torn else line
                self._torn = os.write(file, whole) < len(whole)
            finally:
                os.close(file)
            if self._torn:
                raise OSError("only a part of a line could be written")
        except OSError as error:
            self._missed += 1
            if self._missed == 1:
                log.error("the audit log cannot be written; requests go on without it", reason=str(error))
            return
        if self._missed:
            log.warning("the audit log is written again", lines_missed=self._missed)
            self._missed = 0
