"""What the gateway counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST

# From a small op to an upload of gigabytes.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The counters of one gateway, in a registry of their own."""

    def __init__(self) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        self._by_route: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self.requests = Counter("kremote_requests", "HTTP requests.", ["route", "status"], registry=registry)
        self.seconds = Histogram(
            "kremote_request_seconds", "Time to the end of a reply.", ["route"], buckets=_BUCKETS, registry=registry
        )
        self.in_flight = Gauge("kremote_requests_in_flight", "HTTP requests being answered.", registry=registry)
        self.sessions = Gauge("kremote_sessions", "Live sessions.", registry=registry)
        self.workers_ready = Gauge("kremote_workers_ready", "Workers that take requests.", registry=registry)
        self.worker_restarts = Counter("kremote_worker_restarts", "Workers replaced after death.", registry=registry)
        self.request_bytes = Counter("kremote_request_bytes", "Bytes of request bodies.", registry=registry)
        self.response_bytes = Counter("kremote_response_bytes", "Bytes of response bodies.", registry=registry)

    def record(self, route: str, status: int, seconds: float, bytes_in: int, bytes_out: int) -> None:
        """Count one request that was answered."""
        kept = self._by_route.get((route, status))
        if kept is None:
            # Looking labels up costs more than counting, so each pair is looked up once.
            kept = self.requests.labels(route, str(status)), self.seconds.labels(route)
            self._by_route[route, status] = kept
        kept[0].inc()
        kept[1].observe(seconds)
        if bytes_in:
            self.request_bytes.inc(bytes_in)
        if bytes_out:
            self.response_bytes.inc(bytes_out)

    def watch(self, sessions: Callable[[], int], workers_ready: Callable[[], int]) -> None:
        """Say where the two gauges that somebody else counts are read."""
        self.sessions.set_function(sessions)
        self.workers_ready.set_function(workers_ready)

    def render(self) -> bytes:
        """The page Prometheus reads."""
        return prometheus_client.generate_latest(self._registry)
