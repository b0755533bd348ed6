"""Who may use the server: a file of tokens, a line for each, and the check of a token against it."""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from .token_line import NAME, BadTokens, Scope, Token, digest, moment, token_of

log = structlog.get_logger("kremote.tokens")

#: How often a running server looks whether the file changed, so that a revoked token stops working.
_RELOAD_SECONDS = 0.2
#: Whose the token is that a server makes for one run.
OWN = "local"


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(32)


def read_tokens(path: Path) -> list[Token]:
    """The tokens of a file; blank lines and lines with # are passed over."""
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise BadTokens(f"expected a tokens file at {path}; {error.strerror or error}") from error
    tokens = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            tokens.append(token_of(line))
        except ValueError:
            # The line is not shown: somebody may have written a token into it.
            raise BadTokens(
                f"expected `name sha256:hex`, then scope, made and expires or none, in line {number} of {path}; "
                "`kremote token create` makes it"
            ) from None
    return tokens


@dataclass(frozen=True)
class Made:
    """A token that was made, and what is kept of it."""

    token: str
    kept: Token


def create_token(path: Path, name: str, scope: Scope = "user", expires: int | None = None) -> str:
    """Make a token, write its digest, and return it; nobody can read it again."""
    return make_token(path, name, scope, expires).token


def make_token(path: Path, name: str, scope: Scope = "user", expires: int | None = None) -> Made:
    """Make the first token of a name and a scope; `expires` in seconds since 1970."""
    if not NAME.fullmatch(name):
        raise BadTokens(f"expected a name of 1 to 64 letters, digits and . _ @ -; got {name!r}")
    path.resolve().parent.mkdir(parents=True, exist_ok=True)
    with _changing(path):
        tokens = read_tokens(path) if path.exists() else []
        if any(token.name == name and token.scope == scope and token.valid() for token in tokens):
            raise BadTokens(
                f"{name} has a token in {path} already, of scope {scope}; "
                f"to have another in its place: kremote token rotate {name}"
            )
        return _added(path, tokens, name, scope, expires)


def rotate_token(
    path: Path, name: str, grace_seconds: float, scope: Scope | None = None, expires: int | None = None
) -> Made:
    """Make a token in the place of a name's present ones, which are valid for a while yet.

    It has the scope of those, and as long a life, where they have an end and none is given.
    """
    with _changing(path):
        tokens = read_tokens(path)
        old = [token for token in _named(tokens, path, name) if token.valid() and scope in (None, token.scope)]
        scopes = {token.scope for token in old}
        if len(scopes) != 1:
            had = ", ".join(sorted(scopes)) or "none that is valid"
            raise BadTokens(f"expected the scope of the token to rotate, as --scope; {name} has {had}")
        if expires is None:
            expires = _end_like(old[-1], name)
        until = int(time.time() + grace_seconds)
        kept = [_ending(token, until) if token in old else token for token in tokens]
        return _added(path, [token for token in kept if token.valid()], name, old[-1].scope, expires)


def _end_like(token: Token, name: str) -> int | None:
    if token.expires is None:
        return None
    if token.made is None:
        raise BadTokens(f"expected an end for the new token, as --expires; {name}'s ends at {moment(token.expires)}")
    return int(time.time()) + token.expires - token.made


def _ending(token: Token, until: int) -> Token:
    return replace(token, expires=until if token.expires is None else min(until, token.expires))


def revoke_token(path: Path, name: str, identifier: str | None = None) -> list[Token]:
    """Take a name's tokens away, or the one that `kremote token list` shows under this id; those it took."""
    with _changing(path):
        tokens = read_tokens(path)
        gone = [token for token in _named(tokens, path, name) if identifier in (None, token.id)]
        if not gone:
            had = ", ".join(token.id for token in tokens if token.name == name)
            raise BadTokens(f"expected the id of one of {name}'s tokens, {had}; got {identifier!r}")
        _write(path, [token for token in tokens if token not in gone])
        return gone


def _named(tokens: list[Token], path: Path, name: str) -> list[Token]:
    found = [token for token in tokens if token.name == name]
    if not found:
        names = ", ".join(dict.fromkeys(token.name for token in tokens))
        raise BadTokens(f"expected a name of {path}, one of {names or 'none'}; got {name!r}")
    return found


def _added(path: Path, tokens: list[Token], name: str, scope: Scope, expires: int | None) -> Made:
    token = new_token()
    kept = Token(name, digest(token), scope, int(time.time()), expires)
    _write(path, [*tokens, kept])
    return Made(token, kept)


@contextlib.contextmanager
def _changing(path: Path) -> Iterator[None]:
    """One change of a file at a time, or the later one would undo the other."""
    try:
        folder = os.open(path.resolve().parent, os.O_RDONLY)
    except OSError as error:
        raise BadTokens(f"expected a tokens file at {path}; {error.strerror or error}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(path: Path, tokens: Sequence[Token]) -> None:
    """Replace the file in one step, so that a server never reads half of it."""
    path = path.resolve()  # where it is a link, what it leads to is replaced
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{token.to_line()}\n" for token in tokens)
    beside.replace(path)


@dataclass(frozen=True)
class _Loaded:
    tokens: tuple[Token, ...]
    stamp: tuple[int, int, int]


_NONE = _Loaded((), (0, 0, 0))


class Tokens:
    """The tokens a server accepts: those of a file, or one of its own."""

    def __init__(self, path: Path | None = None, own: str | None = None) -> None:
        self._path = path
        # Whoever starts a server of their own may do with it what they like.
        self._own = (Token(OWN, digest(own), "admin"),) if own is not None else ()
        self._loaded = _load(path, _stamp(path)) if path else _NONE
        self._looked = time.monotonic()

    def find(self, token: str) -> Token | None:
        """What is known of a token, None for nobody's or an expired one. Takes as long wherever a wrong one differs."""
        presented, found = digest(token), None
        for kept in self.all():
            if hmac.compare_digest(presented, kept.digest):
                found = kept
        return found if found is not None and found.valid() else None

    def all(self) -> tuple[Token, ...]:
        """The tokens as the file says now, those that expired too."""
        if self._path is not None and time.monotonic() - self._looked > _RELOAD_SECONDS:
            self._looked = time.monotonic()
            self._reload(self._path)
        return self._own + self._loaded.tokens

    def _reload(self, path: Path) -> None:
        try:
            stamp = _stamp(path)
            if stamp != self._loaded.stamp:
                self._loaded = _load(path, stamp)
                log.info("tokens read again", tokens=len(self._loaded.tokens))
        except BadTokens as error:
            if self._loaded is not _NONE:
                log.error("tokens cannot be read; nobody is let in", reason=str(error))
            # Closed rather than open: what the file said before may have been revoked.
            self._loaded = _NONE


def _load(path: Path, stamp: tuple[int, int, int]) -> _Loaded:
    return _Loaded(tuple(read_tokens(path)), stamp)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise BadTokens(f"expected a tokens file at {path}; {error.strerror or error}") from error
    return status.st_mtime_ns, status.st_size, status.st_ino
