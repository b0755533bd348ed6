"""`python -m kremote_server`: the server's part of the `kremote` command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from kremote_proto import __version__

from .settings import BadSetting, load, options, plain_type
from .tokens import BadTokens, create_token, read_tokens, revoke_token


@click.group()
@click.version_option(__version__, prog_name="kremote")
def main() -> None:
    """Run the Keras backend API on this machine's accelerator, for clients elsewhere."""


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each setting."""
    for name, option in reversed(options().items()):
        flag = f"--{name.replace('_', '-')}"
        help = option.metadata["help"]
        if plain_type(name) is bool:
            command = click.option(flag, name, is_flag=True, default=None, help=help)(command)
        else:
            default = "" if option.default in (None, "", sys.executable) else f"  [default: {option.default}]"
            command = click.option(flag, name, metavar=_metavar(name), help=f"{help}{default}")(command)
    return command


def _metavar(name: str) -> str:
    return {int: "NUMBER", float: "NUMBER", Path: "PATH"}.get(plain_type(name), "TEXT")


@main.command()
@click.option("--config", type=click.Path(path_type=Path), envvar="KREMOTE_CONFIG", help="TOML file of these settings.")
@_with_settings
def serve(config: Path | None, **given: Any) -> None:
    """Serve sessions. Each option may also be an environment variable, KREMOTE_ and its name."""
    try:
        settings = load(given, os.environ, config)
        from . import server

        sys.exit(server.serve(settings))
    except (BadSetting, BadTokens) as error:
        _fail(error)


@main.group()
def token() -> None:
    """Make, list and revoke tokens. A running server follows the file."""


_tokens_option = click.option(
    "--tokens",
    "path",
    type=click.Path(path_type=Path),
    envvar="KREMOTE_TOKENS",
    required=True,
    show_envvar=True,
    help="The file of tokens.",
)


@token.command()
@click.argument("name")
@_tokens_option
def create(name: str, path: Path) -> None:
    """Make a token for NAME and print it, once: the file keeps only its hash."""
    try:
        made = create_token(path, name)
    except (BadTokens, OSError) as error:
        _fail(error)
    click.echo(made)
    click.echo(f"{name} may now use the server; keep the token, it cannot be shown again.", err=True)


@token.command("list")
@_tokens_option
def list_names(path: Path) -> None:
    """Print the names that have a token."""
    try:
        names = read_tokens(path)
    except BadTokens as error:
        _fail(error)
    for name in names:
        click.echo(name)


@token.command()
@click.argument("name")
@_tokens_option
def revoke(name: str, path: Path) -> None:
    """Take NAME's token away; a running server refuses it within a second or two."""
    try:
        revoke_token(path, name)
    except (BadTokens, OSError) as error:
        _fail(error)
    click.echo(f"{name} has no token any more.", err=True)


def _fail(error: Exception) -> NoReturn:
    click.echo(f"kremote: {error}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main(prog_name="kremote")
