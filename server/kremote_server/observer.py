"""The outermost layer: each request is counted, timed and logged, and no error leaves but in the one shape."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kremote_proto.errors import InternalError, KremoteError

from .content import error_response
from .exchange import Exchange, begin, route_of
from .metrics import Metrics

log = structlog.get_logger("kremote.requests")

#: What is logged of a request whose client went away before it was answered.
CLIENT_GONE = 499

_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store", "referrer-policy": "no-referrer"}


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
                headers = MutableHeaders(scope=message)
                headers["kremote-request-id"] = exchange.id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
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
            await error_response(error, Headers(scope=scope))(scope, receive, send)
        # Else the reply had begun: leaving it incomplete makes the connection end, which the client notices.

    def _record(self, scope: Scope, exchange: Exchange) -> None:
        seconds = time.perf_counter() - exchange.began
        route, status = route_of(scope), exchange.status or CLIENT_GONE
        self._metrics.requests.labels(route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        self._metrics.request_bytes.inc(exchange.bytes_in)
        self._metrics.response_bytes.inc(exchange.bytes_out)
        log.info(
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
