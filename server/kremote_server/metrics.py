"""What the gateway counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST

# From a small op to an upload of gigabytes.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


#: The map of a worker's statistics that says what it holds now; all other maps are of what it counted.
_HELD = "held"


_GAUGES = {
    "bytes": "Bytes of the values that a worker's sessions hold.",
    "values": "Values under ids that a worker's sessions hold.",
    "sessions": "Sessions in a worker's memory.",
    "running": "Requests that a worker computes.",
}


class WorkerEvents(Collector):
    """What workers count themselves, as each told it last in answer to the link's route `stats`."""

    def __init__(self) -> None:
        self._told: dict[int, dict[str, float]] = {}
        self._held: dict[int, dict[str, float]] = {}

    def tell(self, worker: int, stats: Mapping[str, Any]) -> None:
        """Take note of a worker's counts: the numbers in each map of its statistics.

        >>> events = WorkerEvents()
        >>> events.tell(0, {"sessions": 2, "programs": {"compiled": 3}})
        >>> [(sample.labels, sample.value) for family in events.collect() for sample in family.samples]
        [({'worker': '0', 'event': 'programs.compiled'}, 3.0)]
        """
        self._told[worker] = {
            f"{group}.{event}": float(count)
            for group, counts in stats.items()
            if isinstance(counts, Mapping) and group != _HELD
            for event, count in counts.items()
            if isinstance(count, int | float)
        }
        self._held[worker] = {what: float(amount) for what, amount in (stats.get(_HELD) or {}).items()}

    def collect(self) -> Iterator[Metric]:
        """What was counted, and what is held, for Prometheus."""
        family = CounterMetricFamily(
            "kremote_worker_events", "What workers count themselves.", labels=["worker", "event"]
        )
        for worker, counts in sorted(self._told.items()):
            for event, count in sorted(counts.items()):
                family.add_metric([str(worker), event], count)
        yield family
        for what in sorted({what for held in self._held.values() for what in held}):
            about = _GAUGES.get(what, "What workers hold.")
            gauge = GaugeMetricFamily(f"kremote_worker_{what}", about, labels=["worker"])
            for worker, held in sorted(self._held.items()):
                if what in held:
                    gauge.add_metric([str(worker)], held[what])
            yield gauge


class Metrics:
    """The counters of one gateway, in a registry of their own."""

    def __init__(self) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        self._by_route: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self.workers = WorkerEvents()
        self.requests = Counter("kremote_requests", "HTTP requests.", ["route", "status"], registry=registry)
        self.seconds = Histogram(
            "kremote_request_seconds", "Time to the end of a reply.", ["route"], buckets=_BUCKETS, registry=registry
        )
        self.in_flight = Gauge("kremote_requests_in_flight", "HTTP requests being answered.", registry=registry)
        self.sessions = Gauge("kremote_sessions", "Live sessions.", registry=registry)
        self.workers_ready = Gauge("kremote_workers_ready", "Workers that take requests.", registry=registry)
        self.worker_restarts = Counter("kremote_worker_restarts", "Workers replaced after death.", registry=registry)
        self.refusals = Counter(
            "kremote_refusals", "Requests refused for what else is under way.", ["bound"], registry=registry
        )
        self.request_bytes = Counter("kremote_request_bytes", "Bytes of request bodies.", registry=registry)
        self.response_bytes = Counter("kremote_response_bytes", "Bytes of response bodies.", registry=registry)

        registry.register(self.workers)

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
