"""Health, readiness, metrics and status."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kremote_proto import PROTOCOL_VERSIONS, __version__

from ..content import RETRY_AFTER, reply
from ..exchange import user_of
from ..gateway import gateway_of
from ..metrics import CONTENT_TYPE

router = APIRouter()

#: How long a scrape waits for workers that are busy; what they told before stands then.
_STATS_SECONDS = 0.5


@router.get("/healthz", openapi_extra={"x-open": True})
async def healthz(request: Request) -> Response:
    """Whether the gateway lives. A dead worker is the gateway's to replace and changes nothing here."""
    return _plain("ok")


@router.get("/readyz", openapi_extra={"x-open": True})
async def readyz(request: Request) -> Response:
    """Whether each engine has a worker that takes requests; 503 while one has none."""
    if gateway_of(request).pool.all_engines_ready:
        return _plain("ready")
    response = _plain("no worker is ready yet", 503)
    response.headers["retry-after"] = RETRY_AFTER
    return response


@router.get("/metrics", openapi_extra={"x-reply-type": "text/plain"})
async def metrics(request: Request) -> Response:
    """Counters for Prometheus."""
    gateway = gateway_of(request)
    for worker, stats in await gateway.pool.tell(_STATS_SECONDS, "stats"):
        gateway.metrics.workers.tell(worker.index, stats)
    return Response(gateway.metrics.render(), media_type=CONTENT_TYPE)


@router.get("/v1/status", openapi_extra={"x-reply": "Status"})
async def status(request: Request) -> Response:
    """Versions, limits and workers of this server."""
    gateway = gateway_of(request)
    return reply(
        {
            "server": f"kremote {__version__}",
            "version": __version__,
            "protocol": list(PROTOCOL_VERSIONS),
            "user": user_of(request.scope),
            "started": gateway.started,
            "engines": list(gateway.pool.engines),
            "workers": [worker.describe() for worker in gateway.pool.workers],
            "sessions": len(gateway.sessions.of(user_of(request.scope))),
            "limits": gateway.settings.limits,
        },
        request.headers,
    )


def _plain(text: str, status: int = 200) -> Response:
    return Response(text + "\n", status, media_type="text/plain")
