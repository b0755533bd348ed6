"""Who may use the server: a file of `name sha256:hex` lines, and the check of a token against it."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger("kremote.tokens")

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_LINE = re.compile(rf"({_NAME.pattern}) sha256:([0-9a-f]{{64}})")
#: How often a running server looks whether the file changed, so that a revoked token stops working.
_RELOAD_SECONDS = 1.0


class BadTokens(ValueError):
    """A tokens file, or a change of it, that cannot be."""


def digest(token: str) -> str:
    """What is kept of a token. Tokens are 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(32)


def read_tokens(path: Path) -> dict[str, str]:
    """Name → digest of a tokens file; blank lines and lines with # are passed over."""
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise BadTokens(f"expected a tokens file at {path}; {error.strerror or error}") from error
    entries: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            # The line is not shown: somebody may have written a token into it.
            raise BadTokens(f"expected `name sha256:hex` in line {number} of {path}; `kremote token create` makes it")
        entries[match[1]] = match[2]
    return entries


def create_token(path: Path, name: str) -> str:
    """Make a token, write its digest, and return it; nobody can read it again."""
    if not _NAME.fullmatch(name):
        raise BadTokens(f"expected a name of 1 to 64 letters, digits and . _ @ -; got {name!r}")
    entries = read_tokens(path) if path.exists() else {}
    if name in entries:
        raise BadTokens(f"{name} has a token in {path} already; revoke it first: kremote token revoke {name}")
    token = new_token()
    _write(path, {**entries, name: digest(token)})
    return token


def revoke_token(path: Path, name: str) -> None:
    """Take a name's token away."""
    entries = read_tokens(path)
    if name not in entries:
        raise BadTokens(f"expected a name of {path}, one of {', '.join(entries) or 'none'}; got {name!r}")
    _write(path, {other: kept for other, kept in entries.items() if other != name})


def _write(path: Path, entries: dict[str, str]) -> None:
    """Replace the file in one step, so that a server never reads half of it."""
    path = path.resolve()  # where it is a link, what it leads to is replaced
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{name} sha256:{kept}\n" for name, kept in entries.items())
    beside.replace(path)


@dataclass(frozen=True)
class _Loaded:
    entries: dict[str, str]
    stamp: tuple[int, int, int]


class Tokens:
    """The tokens a server accepts: those of a file, or one of its own."""

    def __init__(self, path: Path | None = None, own: str | None = None) -> None:
        self._path = path
        self._own = {"local": digest(own)} if own is not None else {}
        self._loaded = _Loaded(read_tokens(path), _stamp(path)) if path else _Loaded({}, (0, 0, 0))
        self._looked = time.monotonic()

    def user(self, token: str) -> str | None:
        """The name a token belongs to, None for nobody's. Takes the same time wherever a wrong token differs."""
        presented, found = digest(token), None
        for name, kept in self.entries().items():
            if hmac.compare_digest(presented, kept):
                found = name
        return found

    def entries(self) -> dict[str, str]:
        """Name → digest, as the file says now."""
        if self._path is not None and time.monotonic() - self._looked > _RELOAD_SECONDS:
            self._looked = time.monotonic()
            self._reload(self._path)
        return {**self._own, **self._loaded.entries}

    def _reload(self, path: Path) -> None:
        try:
            stamp = _stamp(path)
            if stamp != self._loaded.stamp:
                self._loaded = _Loaded(read_tokens(path), stamp)
                log.info("tokens read again", names=len(self._loaded.entries))
        except (BadTokens, OSError) as error:
            # Closed rather than open: what the file said before may have been revoked.
            self._loaded = _Loaded({}, (0, 0, 0))
            log.error("tokens cannot be read; nobody is let in", reason=str(error))


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
