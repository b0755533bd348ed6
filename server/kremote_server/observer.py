"""The outermost layer: each request is counted, timed and logged, and no error leaves but in the one shape."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kremote_proto.errors import InternalError, KremoteError

from .audit import Audit
from .content import error_response
from .exchange import Exchange, begin, route_of
from .http_reply import ALWAYS, completed
from .metrics import Metrics
from .records import record

log = structlog.get_logger("kremote.requests")

#: Statuses that say something about who asks.
_DENIALS = (401, 403)


class Observer:
    """ASGI middleware around everything else."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, audit: Audit, always: Iterable[tuple[bytes, bytes]] = ALWAYS
    ) -> None:
        self._app = app
        #: The headers of every reply.
        self._always = always
        self._audit = audit
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
                message["headers"] = completed(message.get("headers", ()), exchange.id, self._always)
            else:
                exchange.bytes_out += len(message.get("body", b""))
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._answer(scope, receive_counted, send_counted, exchange)
        finally:
            self._metrics.in_flight.dec()
            record(self._metrics, exchange, scope["method"], route_of(scope))

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
        if error.status in _DENIALS:
            self._audit.refused(exchange, error.status, error.code, scope["method"], route_of(scope))
        if exchange.status is None:
            await error_response(error, exchange.headers)(scope, receive, send)
        # Else the reply had begun: leaving it incomplete makes the connection end, which the client notices.
