"""The gateway as an ASGI app: its parts put together, its layers, its addresses, its start and its end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import ClassVar

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from kremote_proto import __version__
from kremote_proto.errors import MalformedRequest, NotFound

from . import openapi
from .admission import Admission
from .audit import Audit
from .content import error_response
from .devices import count_gpus
from .gateway import Gateway
from .guard import BrowserKey, Guard
from .http_reply import ALWAYS, FOR_PAGES
from .metrics import Metrics
from .observer import Observer
from .pool import ChildLauncher, Launcher, Pool
from .registry import Registry
from .routes import catalogue, docs, health, saves, sessions, shares, usage
from .routes.data_routes import DataRoutes
from .routes.forward import ADDRESSES, PREFIX, Forward
from .saves import Saves
from .sessions import Sessions
from .settings import Settings
from .shares import Shares
from .tokens import Tokens
from .worker.confinement import Confinement

ROUTERS = (sessions.router, saves.router, shares.router, usage.router, catalogue.router, health.router, docs.router)


class WrongMethod(NotFound):
    """An address that takes other methods."""

    status: ClassVar[int] = 405


def create_app(gateway: Gateway) -> ASGIApp:
    """The gateway as an ASGI app: the data addresses before FastAPI, the others in it, the same layers around both."""
    parts = (gateway.sessions, gateway.metrics, gateway.admission)
    endpoints = [Forward(address, *parts) for address in ADDRESSES]

    def layers(app: ASGIApp, always: Sequence[tuple[bytes, bytes]] = ALWAYS) -> ASGIApp:
        guard = Guard(app, gateway.settings, gateway.tokens, gateway.browser_key, gateway.audit, gateway.admission)
        return Observer(guard, gateway.metrics, gateway.audit, always)

    app = FastAPI(
        title="kremote",
        version=__version__,
        openapi_url=None,
        redirect_slashes=False,
        # FastAPI's own spans hold whole query strings.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        lifespan=_lifespan(gateway),
        middleware=[Middleware(layers, FOR_PAGES)],
        exception_handlers={HTTPException: _unmatched},
    )
    app.state.gateway = gateway
    app.state.document = _document
    for endpoint in endpoints:
        address = endpoint.address
        app.router.routes.append(Route(PREFIX + address.path, endpoint, methods=[address.method]))
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=docs.STATIC))
    return _for_pages_elsewhere(DataRoutes(endpoints, layers, app), gateway.settings.origins)


def _for_pages_elsewhere(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Let the pages of some origins read what is answered, to those who have a token; by default none may."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Accept", "Content-Type", "Content-Encoding", "Kremote-Sequence"],
        expose_headers=["Kremote-Request-Id", "Kremote-Dtype", "Kremote-Shape", "Retry-After", "Server-Timing"],
    )


def create_gateway(settings: Settings, tokens: Tokens, launcher: Launcher | None = None) -> Gateway:
    """The parts for some settings; `launcher` is how workers are started, child processes by default."""
    launcher = launcher or ChildLauncher(
        settings.python, settings.worker_limits, settings.state, _confinement(settings)
    )
    workers = settings.workers or max(1, count_gpus())
    pool = Pool(launcher, settings.engines, workers, start_seconds=settings.worker_start_seconds)
    registry = Registry(settings.state_dir) if settings.state_dir and settings.state else None
    all_sessions = Sessions(
        pool,
        per_user=settings.sessions_per_user,
        queue_length=settings.queue_length,
        idle_seconds=settings.session_idle_seconds,
        park_seconds=settings.park_seconds,
        registry=registry,
    )
    metrics = Metrics()
    metrics.watch(sessions=lambda: len(all_sessions), workers_ready=lambda: pool.ready)
    pool.on_restart = metrics.worker_restarts.inc
    admission = Admission(settings.requests_per_user, settings.requests_per_second)
    admission.on_refusal = all_sessions.on_refusal = lambda bound: metrics.refusals.labels(bound).inc()
    return Gateway(
        settings,
        tokens,
        BrowserKey(tokens),
        Audit(settings.audit_log),
        pool,
        all_sessions,
        metrics,
        Saves(settings.state_dir, settings.saves_bytes),
        Shares(all_sessions, registry),
        admission,
    )


def _confinement(settings: Settings) -> Confinement | None:
    """What workers may do; nothing of it where their owner trusts them."""
    if settings.trust_workers:
        return None
    # Of the state directory a worker has its sessions; the rest is the gateway's.
    secrets = (settings.tokens, settings.tls_key, settings.ready_file, settings.audit_log, settings.state_dir)
    hidden = tuple(str(path.resolve()) for path in secrets if path is not None)
    if settings.state is None:
        return Confinement(hide=hidden)
    sessions = Path(settings.state["directory"]) / "sessions"
    with contextlib.suppress(OSError):  # the registry says better what is wrong with the folder
        sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Confinement(write=(str(sessions),), hide=hidden)


def _lifespan(gateway: Gateway) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        gateway.pool.start()
        sweeper = asyncio.create_task(_sweep(gateway))
        try:
            yield
        finally:
            sweeper.cancel()
            await gateway.pool.stop()
            await gateway.sessions.write_used()
            gateway.sessions.close()

    return lifespan


@functools.cache
def _document() -> bytes:
    """The OpenAPI document, made when somebody first asks."""
    return json.dumps(openapi.document(ROUTERS, ADDRESSES), separators=(",", ":")).encode()


async def _sweep(gateway: Gateway) -> None:
    """Leave idle sessions, as long as the gateway lives."""
    idle = min(gateway.settings.session_idle_seconds, gateway.settings.park_seconds)
    while True:
        await asyncio.sleep(min(idle / 4, 30.0))
        await gateway.sessions.drop_idle()
        await gateway.sessions.park_idle()
        await gateway.sessions.write_used()
        await gateway.shares.forget_ended()


async def _unmatched(request: Request, error: Exception) -> Response:
    """What the router itself refuses, in the one shape."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        response = error_response(
            WrongMethod(f"expected {allowed or 'another method'} for this address; got {request.method}"),
            request.headers,
        )
        response.headers["allow"] = allowed
        return response
    if error.status_code == 404:
        missing = NotFound(
            f"expected an address of this server; got {request.url.path[:200]!r}", hint="/docs lists them"
        )
        return error_response(missing, request.headers)
    return error_response(MalformedRequest(str(error.detail)), request.headers)
