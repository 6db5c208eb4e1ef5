"""What Prometheus is told of work that waits: the database is asked at each scrape."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.errors import StoreError
from agent.ops.metrics import PREFIX
from agent.store import outbound_usage, summaries, webhook_deliveries
from agent.store.engine import Store
from agent.store.orders import next_due_at

LOOK_S = 1.0
"""A scrape waits so long for the database; what it finds later is told at the next one."""


@dataclass(frozen=True, slots=True)
class _Found:
    webhooks: int
    oldest_s: float
    summaries: int
    orders: int
    orders_oldest_s: float


class BacklogMetrics(Collector):
    """Belongs to one event loop."""

    def __init__(
        self, registry: CollectorRegistry, store: Store, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._now = now
        self._looking: asyncio.Task[None] | None = None
        self._found: _Found | None = None
        registry.register(self)

    async def look(self) -> None:
        """Ask the database what waits; for a second at most."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="backlog-metrics")
        await asyncio.wait({self._looking}, timeout=LOOK_S)

    async def close(self) -> None:
        """Ask no more."""
        if self._looking is not None:
            await asyncio.wait({self._looking})

    def collect(self) -> Iterator[Metric]:
        """What was found last; no value where the database did not say."""
        told = (
            ("webhook_pending", "Deliveries that wait to be made"),
            ("webhook_oldest_seconds", "Age of the one that waits longest; 0 without one"),
            ("summaries_pending", "Calls whose summary is to be written"),
            ("outbound_waiting", "Calls out that wait to be dialled, those for later too"),
            ("outbound_oldest_seconds", "For how long the first of those whose time has come is due; 0 without one"),
        )
        found = self._found
        values = (None,) * len(told) if found is None else astuple(found)
        for (name, text), value in zip(told, values, strict=True):
            yield GaugeMetricFamily(f"{PREFIX}_{name}", text, value)

    async def _look(self) -> None:
        try:
            async with self._store.read() as connection:
                waiting = await webhook_deliveries.backlog(connection)
                unwritten = await summaries.backlog(connection)
                orders = await outbound_usage.waiting(connection)
                due_at = await next_due_at(connection) if orders else None
        except StoreError:
            self._found = None
            return
        oldest = min((one.oldest for one in waiting), default=None)
        pending = sum(one.pending for one in waiting)
        self._found = _Found(pending, self._age_s(oldest), unwritten, orders, self._age_s(due_at))

    def _age_s(self, since: datetime | None) -> float:
        return 0.0 if since is None else max(0.0, (self._now() - since).total_seconds())
