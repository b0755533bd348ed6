"""What is kept of each request that was answered: counts, and a line of the log."""

from __future__ import annotations

import time

from .exchange import Exchange
from .framing import CLIENT_GONE
from .logs import write_line
from .metrics import Metrics


def record(metrics: Metrics, exchange: Exchange, method: str, route: str, at: float | None = None) -> None:
    """Count and log a request that was answered now, or `at` (seconds since 1970)."""
    status = exchange.status or CLIENT_GONE
    seconds = time.perf_counter() - exchange.began if exchange.seconds is None else exchange.seconds
    metrics.record(route, status, seconds, exchange.bytes_in, exchange.bytes_out)
    write_line(
        "kremote.requests",
        "request",
        at=at,
        method=method,
        route=route,
        status=status,
        seconds=round(seconds, 6),
        bytes_in=exchange.bytes_in,
        bytes_out=exchange.bytes_out,
        user=exchange.user,
        session=exchange.session,
        request=exchange.id,
    )
