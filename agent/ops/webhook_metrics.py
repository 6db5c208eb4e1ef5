"""What Prometheus is told of webhooks: attempts as they end, and what waits, asked of the database at each scrape."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.errors import StoreError
from agent.ops.metrics import PREFIX
from agent.store import webhook_deliveries
from agent.store.engine import Store
from agent.store.webhook_deliveries import DeliveryStatus
from agent.webhooks.schedule import Answer, succeeded

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0)
LOOK_S = 1.0
"""A scrape waits so long for the database; what it finds later is told at the next one."""


class WebhookMetrics(Collector):
    """Belongs to one event loop."""

    def __init__(
        self, registry: CollectorRegistry, store: Store, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._now = now
        self._looking: asyncio.Task[None] | None = None
        self._found: tuple[int, float] | None = None
        self._attempts = Counter(
            f"{PREFIX}_webhook_attempts", "Requests to webhook endpoints", ["outcome"], registry=registry
        )
        self._over = Counter(f"{PREFIX}_webhook_deliveries", "Deliveries that are over", ["status"], registry=registry)
        self._seconds = Histogram(
            f"{PREFIX}_webhook_attempt_seconds", "Length of those requests", buckets=BUCKETS_S, registry=registry
        )
        for outcome in ("accepted", "refused", "failed"):
            self._attempts.labels(outcome)
        for status in (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD):
            self._over.labels(status)
        registry.register(self)

    def attempted(self, answer: Answer, status: DeliveryStatus, seconds: float) -> None:
        """One attempt has ended; `status` is what the delivery has by now."""
        answered = "accepted" if succeeded(answer.status) else "refused"
        outcome = "failed" if answer.status is None else answered
        self._attempts.labels(outcome).inc()
        self._seconds.observe(seconds)
        if status is not DeliveryStatus.PENDING:
            self._over.labels(status).inc()

    async def look(self) -> None:
        """Ask the database what waits; for a second at most."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="webhook-backlog")
        await asyncio.wait({self._looking}, timeout=LOOK_S)

    async def close(self) -> None:
        """Ask no more."""
        if self._looking is not None:
            await asyncio.wait({self._looking})

    def collect(self) -> Iterator[Metric]:
        """What was found last; no value where the database did not say."""
        pending, oldest_s = self._found or (None, None)
        yield GaugeMetricFamily(f"{PREFIX}_webhook_pending", "Deliveries that wait to be made", pending)
        yield GaugeMetricFamily(
            f"{PREFIX}_webhook_oldest_seconds", "Age of the one that waits longest; 0 without one", oldest_s
        )

    async def _look(self) -> None:
        try:
            async with self._store.read() as connection:
                waiting = await webhook_deliveries.backlog(connection)
        except StoreError:
            self._found = None
            return
        oldest = min((one.oldest for one in waiting), default=None)
        age_s = 0.0 if oldest is None else max(0.0, (self._now() - oldest).total_seconds())
        self._found = sum(one.pending for one in waiting), age_s
