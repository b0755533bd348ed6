"""The `kremote` command: a server's start and its tokens, one's sessions, and what is wrong."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from kremote_proto import PROTOCOL_VERSIONS, __version__
from kremote_proto.errors import InvalidValue, KremoteError, Unauthorized

from . import sessions_command
from .address import parse_address
from .transport import Transport

_CLIENT = ("numpy", "msgpack", "httpx")
#: What the gateway imports; an engine comes on top.
_GATEWAY = ("kremote_server", "fastapi", "uvicorn", "click", "prometheus_client", "structlog")
_ENGINES = ("tensorflow", "tensorflow-cpu")
_EXTRAS = {
    "server": "pip install 'kremote[server]' (a CPU alone: 'kremote[server-cpu]', CUDA: 'kremote[server-gpu]')",
}
_DEFAULT_URL = "http://127.0.0.1:8000"
_SECONDS = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["serve"], ["token"]):
        return _run_server(given)
    options = _parser().parse_args(given)
    try:
        _refuse_token_among(options)
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except KremoteError as error:
        print(f"kremote: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kremote", description="K.* on somebody else's accelerator.")
    parser.add_argument("--version", action="version", version=f"kremote {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    commands.add_parser("serve", help="serve sessions (kremote serve --help says how)")
    commands.add_parser("token", help="make, list and revoke tokens of a server")
    sessions = sessions_command.add_to(commands, _transport)
    doctor = commands.add_parser("doctor", help="say what is installed, what a server offers, and what is wrong")
    doctor.set_defaults(run=_doctor)
    top = commands.add_parser("top", help="show the sessions of a server by what they use; for admins")
    top.add_argument("--mine", action="store_true", help="show your own sessions alone, with any token")
    top.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="how often, on a terminal")
    top.set_defaults(run=_top)
    for command in (sessions, doctor, top):
        command.add_argument("--url", default=os.environ.get("KREMOTE_URL"), help="the server (or KREMOTE_URL)")
        command.add_argument(
            "--token-file", metavar="FILE", help="a file with its token, - for stdin (or KREMOTE_TOKEN)"
        )
        command.add_argument("--token", help=argparse.SUPPRESS)
    return parser


def _run_server(arguments: list[str]) -> int:
    """Become the server's own command, which the client must not import."""
    missing = [name for name in _GATEWAY if find_spec(name) is None]
    if missing:
        print(
            f"kremote: this machine cannot be a server: {', '.join(missing)} is not installed. {_EXTRAS['server']}",
            file=sys.stderr,
        )
        return 1
    sys.stdout.flush()
    return _become([sys.executable, "-m", "kremote_server", *arguments])


def _become(command: list[str]) -> int:
    """Run a command in this process's place, so that signals reach it."""
    os.execv(command[0], command)


def _transport(options: argparse.Namespace) -> Transport:
    address = parse_address(options.url or _DEFAULT_URL, _token(options))
    return Transport(address, timeout=_SECONDS, connect_timeout=_SECONDS, retry_seconds=0.0)


def _token(options: argparse.Namespace) -> str | None:
    """The token of a file or of the environment."""
    if options.token_file is None:
        return os.environ.get("KREMOTE_TOKEN")
    try:
        with open(0 if options.token_file == "-" else options.token_file) as file:
            return file.read().strip()
    except OSError as error:
        raise InvalidValue(f"expected a token in {options.token_file}; {error.strerror or error}") from None


def _refuse_token_among(options: argparse.Namespace) -> None:
    """Everybody on a machine sees the arguments of a command."""
    given = options.url if options.url != os.environ.get("KREMOTE_URL") else None
    if options.token is not None or (given and parse_address(given).token):
        raise InvalidValue(
            "expected no token on a command line, where everybody on this machine sees it",
            hint="set KREMOTE_TOKEN or give --token-file FILE, and have a new token made in the place of this one",
        )


def _top(options: argparse.Namespace) -> int:
    from .top import show

    with closing(_transport(options)) as transport:
        return show(transport, mine=options.mine, every=max(options.every, 0.1))


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: good, bad with what to do, or neither."""

    good: bool | None
    text: str
    remedy: str | None = None

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "FAIL", None: "-   "}[self.good]
        return f"{mark}  {self.text}" + (f"\n      {self.remedy}" if self.remedy else "")


def _doctor(options: argparse.Namespace) -> int:
    findings = []
    for finding in _findings(options):
        print(finding, flush=True)
        findings.append(finding)
    return 1 if any(finding.good is False for finding in findings) else 0


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    yield Finding(True, f"kremote {__version__} on Python {platform.python_version()}, {platform.platform()}")
    yield Finding(True, f"client: {', '.join(f'{name} {_version(name)}' for name in _CLIENT)}")
    can_serve = yield from _server_extra()
    if options.url:
        yield from _server(options)
    elif can_serve:
        yield Finding(None, "no server given (--url or KREMOTE_URL): a private one will be started for the first op")
    else:
        yield Finding(False, "no server given, and none can be started here", "set KREMOTE_URL, or give --url")


def _server_extra() -> Generator[Finding, None, bool]:
    missing = [name for name in _GATEWAY if find_spec(name) is None]
    engines = [f"{name} {_version(name)}" for name in _ENGINES if _version(name)]
    if not missing and engines:
        yield Finding(True, f"server: installed, with {', '.join(engines)}")
        return True
    lacking = ", ".join([*missing, *([] if engines else ["tensorflow"])])
    yield Finding(None, f"server: not installed here ({lacking}); needed only to serve", _EXTRAS["server"])
    return False


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _server(options: argparse.Namespace) -> Iterator[Finding]:
    """What a server says of itself, or why it does not."""
    transport = _transport(options)
    url = transport.address.url
    try:
        with closing(transport):
            status = transport.call("GET", "/v1/status")
    except Unauthorized as error:
        yield Finding(True, f"{url} answers")
        yield Finding(
            False, f"token: {error.message}", "give KREMOTE_TOKEN or --token-file; the server's owner makes one"
        )
        return
    except KremoteError as error:
        yield Finding(False, f"{url}: {error.message}", error.hint or "check the address and the network")
        return
    yield Finding(True, f"{url} answers")
    yield Finding(
        True, f"token: accepted, you are {status['user']}; {status['sessions']} of the sessions there are yours"
    )
    yield _versions(status)
    yield from _workers(status)


def _versions(status: dict[str, Any]) -> Finding:
    (oldest, newest), (low, high) = status["protocol"], PROTOCOL_VERSIONS
    text = (
        f"versions: client {__version__} (protocol {low} to {high}), server {status['version']} ({oldest} to {newest})"
    )
    if min(newest, high) < max(oldest, low):
        older = "client" if high < oldest else "server"
        return Finding(False, text, f"they share none: update the {older}: pip install --upgrade kremote")
    return Finding(True, text)


def _workers(status: dict[str, Any]) -> Iterator[Finding]:
    for worker in status["workers"]:
        text = f"worker {worker['worker']}: {worker['engine']} on {worker['device']}, {worker['state']}"
        if worker["last_death"]:
            text += f"; {worker['restarts']} restarts, the last {worker['last_death']}"
        if worker["state"] == "ready":
            yield Finding(True, text)
        else:
            yield Finding(False, text, "wait until it has started; if it does not, the server's log says why")


if __name__ == "__main__":
    sys.exit(main())
