"""`kremote serve`: the socket, the tokens, uvicorn, and what is told to whom."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import gc
import json
import os
import resource
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import structlog
import uvicorn

from kremote_proto import __version__

from . import logs
from .app import create_app, create_gateway
from .certificate import certificate_of
from .gateway import Gateway
from .guard import is_loopback
from .http_connection import Bounds, HttpConnection
from .registry import kept_token
from .settings import BadSetting, Settings
from .tokens import Tokens, new_token

log = structlog.get_logger("kremote.server")

#: Open files that are for workers, logs and the like.
_OWN_FILES = 1024
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True)
class Place:
    """Where the server listens, and who may come in."""

    listener: socket.socket
    url: str
    tokens: Tokens
    #: The token made for this run, where there is no file of tokens.
    token: str | None


def serve(settings: Settings) -> int:
    """Serve until a signal; the exit code. Raises `BadSetting` for what cannot be served."""
    place = open_place(settings)
    logs.configure()
    _allow_many_connections()
    # uvicorn ends by raising the signal again that ended it; a server that was asked to stop and did has succeeded.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return _run(_serve(settings, place))


def _allow_many_connections() -> None:
    """Take as many open files as this process may; what systems begin with is for programs that `select`."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # no number is "as many as there are" on some systems
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _bounds(settings: Settings) -> Bounds:
    """As many connections as there may be open files, less those that the server itself needs."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = sys.maxsize if most == resource.RLIM_INFINITY else most
    return Bounds(settings.head_seconds, settings.connections or most - min(_OWN_FILES, most // 4))


def _run(main: Any) -> int:
    try:
        import uvloop
    except ImportError:  # no wheel for this platform
        return int(asyncio.run(main))
    return int(uvloop.run(main))


def open_place(settings: Settings) -> Place:
    """Check who may come in, then take the port."""
    if settings.tokens is None and not is_loopback(settings.host):
        raise BadSetting(
            f"refusing to listen on {settings.host} without tokens: anyone who reaches it could use it. Make a token "
            f"with `kremote token create NAME --tokens FILE`, then `kremote serve --host {settings.host} --tokens FILE`"
        )
    token = None if settings.tokens else _own_token(settings)
    tokens = Tokens(settings.tokens, token)
    if not tokens.all():
        raise BadSetting(
            f"expected a token in {settings.tokens}; got none. "
            f"Make one with `kremote token create NAME --tokens {settings.tokens}`"
        )
    if certificate := certificate_of(settings):
        certificate.check()
    listener = bind(settings.host, settings.port)
    return Place(listener, _url(settings, listener), tokens, token)


def _own_token(settings: Settings) -> str:
    """The token of a server without a file of tokens: kept beside what else it keeps."""
    return kept_token(settings.state_dir) if settings.state_dir and settings.state else new_token()


def bind(host: str, port: int) -> socket.socket:
    """A bound socket; raises `BadSetting` saying what to do."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise BadSetting(f"expected a host name or address of this machine; got {host!r} ({error})") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            reason = "another program listens there; choose another with --port, or --port 0 for any free one"
        else:
            reason = error.strerror or str(error)
        raise BadSetting(f"cannot listen on port {port} of {host}: {reason}") from error
    return listener


def _url(settings: Settings, listener: socket.socket) -> str:
    name, scheme = _WILDCARDS.get(settings.host, settings.host), "http" if settings.tls_key is None else "https"
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"


async def _serve(settings: Settings, place: Place) -> int:
    gateway = create_gateway(settings, place.tokens)
    config = uvicorn.Config(
        create_app(gateway),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=cast(Any, functools.partial(HttpConnection, bounds=_bounds(settings))),
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        lifespan="on",
        # Longer than clients keep idle connections, so that none sends a request into a closing one.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(settings.shutdown_seconds),
    )
    server = uvicorn.Server(config)
    if settings.exit_with_parent:
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    beside = [asyncio.create_task(_announce(settings, place, server, gateway))]
    if certificate := certificate_of(settings):
        beside.append(asyncio.create_task(certificate.follow(config)))
    try:
        await server.serve(sockets=[place.listener])
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        if settings.ready_file is not None:
            settings.ready_file.unlink(missing_ok=True)
    return 1 if gateway.pool.refused else 0


async def _announce(settings: Settings, place: Place, server: uvicorn.Server, gateway: Gateway) -> None:
    """Say where the server is, and when its workers are ready; stop it when they cannot be."""
    while not server.started:
        await asyncio.sleep(0.01)
    _say(_greeting(settings, place, len(gateway.pool.workers)))
    if settings.tls_key is None and not is_loopback(settings.host):
        log.warning(
            "tokens and values cross the network in the clear",
            hint="give --tls-certificate and --tls-key, unless what stands before this server speaks TLS",
        )
    # What was made by now stays: the collector need not walk through it again and again.
    gc.freeze()
    while not gateway.pool.all_engines_ready:
        refused = gateway.pool.refused
        if refused is not None:
            _say(f"kremote: worker {refused.index} cannot run engine {refused.engine}; its reason is above", sys.stderr)
            server.should_exit = True
            return
        await asyncio.sleep(0.02)
    if settings.ready_file is not None:
        write_private(settings.ready_file, {"url": place.url, "token": place.token, "pid": os.getpid()})
    _say("Ready.")


def _greeting(settings: Settings, place: Place, count: int) -> str:
    starting = f"kremote {__version__} is starting {count} worker{'s'[: count > 1]} of {', '.join(settings.engines)}"
    keeping = _keeping(settings)
    if place.token is None:
        return f"{starting}\n\n    {place.url}\n\nCome in with a token of {settings.tokens}.\n{keeping}"
    if not sys.stdout.isatty():
        # Whatever keeps this output would keep the token.
        there = f"is in {settings.ready_file}" if settings.ready_file else "can be had with --ready-file FILE"
        return f"{starting}\n\n    {place.url}\n\nIts token is shown on a terminal only; it {there}.\n{keeping}"
    return (
        f"{starting}\n\n    {place.url}/#token={place.token}\n\n"
        f'From Python: K.connect("{place.url}", token="{place.token}")\n{keeping}'
    )


def _keeping(settings: Settings) -> str:
    """How long sessions live, in a line."""
    if settings.state is None:
        return "Sessions are in memory only and end with their worker; --state-dir DIR keeps them."
    return f"Sessions are kept in {settings.state_dir} (durability {settings.state['durability']})."


def _say(text: str, stream: Any = None) -> None:
    with contextlib.suppress(OSError):  # whoever read it has gone; the server is no worse for it
        print(text, file=stream or sys.stdout, flush=True)


def write_private(path: Path, value: dict[str, Any]) -> None:
    """A JSON file only this user may read, complete from the moment it is there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(value, file)
    beside.replace(path)


def _end_with_parent(server: uvicorn.Server) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1 << 12):
            pass
    server.should_exit = True
