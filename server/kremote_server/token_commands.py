"""`kremote token`: tokens made, rotated, listed and revoked in their file."""

from __future__ import annotations

import functools
import getpass
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from .audit import Audit
from .token_line import SCOPES, BadTokens, Scope, Token, duration, end_of, moment
from .tokens import Made, make_token, read_tokens, revoke_token, rotate_token


@click.group()
def token() -> None:
    """Make, rotate, list and revoke tokens. A running server follows the file."""


def _of_a_file(command: Callable[..., None]) -> Callable[..., None]:
    """The option that says which file, and a sentence for what cannot be done with it."""

    @functools.wraps(command)
    def told(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except (BadTokens, OSError) as error:
            click.echo(f"kremote: {error}", err=True)
            sys.exit(1)

    return click.option(
        "--tokens",
        "path",
        type=click.Path(path_type=Path),
        envvar="KREMOTE_TOKENS",
        required=True,
        show_envvar=True,
        help="The file of tokens.",
    )(told)


_audited = click.option(
    "--audit-log",
    "audit",
    type=click.Path(path_type=Path),
    envvar="KREMOTE_AUDIT_LOG",
    show_envvar=True,
    help="A file to which a line is added that says what was done.",
)
_scoped = functools.partial(click.option, "--scope", type=click.Choice(SCOPES))
_ends = click.option(
    "--expires", metavar="WHEN", help="When it ends: 12h, 30d, or a moment in UTC such as 2026-12-31. [default: never]"
)


@token.command()
@click.argument("name")
@_scoped(default="user", show_default=True, help="What it may do: admins see and end everybody's sessions.")
@_ends
@_of_a_file
@_audited
def create(name: str, scope: Scope, expires: str | None, path: Path, audit: Path | None) -> None:
    """Make a token for NAME and print it, once: the file keeps only its hash."""
    made = make_token(path, name, scope, None if expires is None else end_of(expires))
    _audit(audit, "token created", [made.kept])
    _hand_over(made)


@token.command()
@click.argument("name")
@click.option("--grace", default="1h", show_default=True, help="How long the present one is valid yet: 0, 90min, 1h.")
@_scoped(help="Which of NAME's tokens, where they have several scopes.")
@_ends
@_of_a_file
@_audited
def rotate(name: str, grace: str, scope: Scope | None, expires: str | None, path: Path, audit: Path | None) -> None:
    """Make a token in the place of NAME's present one, which is valid for a while yet."""
    made = rotate_token(path, name, duration(grace), scope, None if expires is None else end_of(expires))
    _audit(audit, "token rotated", [made.kept])
    _hand_over(made)


@token.command("list")
@_of_a_file
def list_tokens(path: Path) -> None:
    """Show whose tokens there are, what they may do and until when."""
    rows = [("NAME", "SCOPE", "ID", "MADE", "EXPIRES")]
    rows += [(token.name, token.scope, token.id, _shown(token.made), _end_shown(token)) for token in read_tokens(path)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@token.command()
@click.argument("name")
@click.option("--id", "identifier", help="Only the one that `kremote token list` shows under this ID.")
@_of_a_file
@_audited
def revoke(name: str, identifier: str | None, path: Path, audit: Path | None) -> None:
    """Take NAME's tokens away; a running server refuses them within a second."""
    gone = revoke_token(path, name, identifier)
    _audit(audit, "token revoked", gone)
    left = any(token.name == name for token in read_tokens(path))
    click.echo(f"{name} has {'one token less' if left else 'no token any more'}.", err=True)


def _hand_over(made: Made) -> None:
    click.echo(made.token)
    kept = made.kept
    until = "" if kept.expires is None else f" until {moment(kept.expires)}"
    may = {
        "user": "use the server",
        "admin": "use the server and end all sessions",
        "read-only": "read from the server",
    }
    said = f"{kept.name} may now {may[kept.scope]}{until}; keep the token, it cannot be shown again."
    click.echo(said, err=True)


def _audit(path: Path | None, act: str, tokens: Sequence[Token]) -> None:
    if path is not None:
        for token in tokens:
            Audit(path).token_changed(act, token, by=getpass.getuser())


def _shown(seconds: int | None) -> str:
    return "-" if seconds is None else moment(seconds)


def _end_shown(token: Token) -> str:
    if token.expires is None:
        return "never"
    return moment(token.expires) + (" (over)" if token.expires <= time.time() else "")
