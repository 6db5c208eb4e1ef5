"""What Prometheus is told of requests to the API."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from agent.ops.metrics import PREFIX

BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""0.015: what a list of calls may take."""


class ApiMetrics:
    """An Observer of the API; see `agent.api.middleware`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            f"{PREFIX}_api_requests", "Requests to the API", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            f"{PREFIX}_api_request_seconds",
            "From a request's arrival to the end of its answer; streams are left out",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=registry,
        )

    def __call__(self, method: str, route: str, status: str, seconds: float | None) -> None:
        """Count one request; `seconds` None: it lasted as long as its client wished."""
        self._requests.labels(method, route, status).inc()
        if seconds is not None:
            self._seconds.labels(method, route).observe(seconds)
