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
from .token_commands import token
from .token_line import BadTokens


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


main.add_command(token)


def _fail(error: Exception) -> NoReturn:
    click.echo(f"kremote: {error}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main(prog_name="kremote")
