"""The outermost layer: each request is counted, timed and logged, and no error leaves but in the one shape."""

from __future__ import annotations

import time
from collections.abc import Iterable

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kremote_proto.errors import InternalError, KremoteError

from .content import error_response
from .exchange import Exchange, begin, route_of
from .framing import CLIENT_GONE
from .logs import write_line
from .metrics import Metrics

log = structlog.get_logger("kremote.requests")

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)


class Observer:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Observe one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = begin(scope)

        async def receive_counted() -> Message:
            message = await receive()
            exchange.bytes_in += len(message.get("body", b""))
            return message

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                message["headers"] = _completed(message.get("headers", ()), exchange.id)
            else:
                exchange.bytes_out += len(message.get("body", b""))
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._answer(scope, receive_counted, send_counted, exchange)
        finally:
            self._metrics.in_flight.dec()
            self._record(scope, exchange)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        try:
            await self._app(scope, receive, send)
            return
        except ClientDisconnect:
            return
        except KremoteError as caught:
            error = caught
        except Exception as caught:
            log.exception("request failed", route=route_of(scope), request=exchange.id)
            error = InternalError(f"the gateway failed with {type(caught).__name__}; its log has request {exchange.id}")
        if exchange.status is None:
            await error_response(error, exchange.headers)(scope, receive, send)
        # Else the reply had begun: leaving it incomplete makes the connection end, which the client notices.

    def _record(self, scope: Scope, exchange: Exchange) -> None:
        seconds = time.perf_counter() - exchange.began
        route, status = route_of(scope), exchange.status or CLIENT_GONE
        self._metrics.record(route, status, seconds, exchange.bytes_in, exchange.bytes_out)
        write_line(
            "kremote.requests",
            "request",
            method=scope["method"],
            route=route,
            status=status,
            seconds=round(seconds, 6),
            bytes_in=exchange.bytes_in,
            bytes_out=exchange.bytes_out,
            user=exchange.user,
            session=exchange.session,
            request=exchange.id,
        )


def _completed(headers: Iterable[tuple[bytes, bytes]], identifier: str) -> list[tuple[bytes, bytes]]:
    """A reply's headers with those that every reply has; its own stay."""
    own = list(headers)
    names = {name for name, _ in own}
    own.append((b"kremote-request-id", identifier.encode()))
    own += [header for header in _HEADERS if header[0] not in names]
    return own
