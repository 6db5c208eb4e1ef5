"""What Prometheus is told of work that waits: the database is asked at each scrape."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.errors import StoreError
from agent.ops.metrics import PREFIX
from agent.store import summaries, webhook_deliveries
from agent.store.engine import Store

LOOK_S = 1.0
"""A scrape waits so long for the database; what it finds later is told at the next one."""


@dataclass(frozen=True, slots=True)
class _Found:
    webhooks: int
    oldest_s: float
    summaries: int


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
        found = self._found
        values = (None, None, None) if found is None else (found.webhooks, found.oldest_s, found.summaries)
        told = (
            ("webhook_pending", "Deliveries that wait to be made"),
            ("webhook_oldest_seconds", "Age of the one that waits longest; 0 without one"),
            ("summaries_pending", "Calls whose summary is to be written"),
        )
        for (name, text), value in zip(told, values, strict=True):
            yield GaugeMetricFamily(f"{PREFIX}_{name}", text, value)

    async def _look(self) -> None:
        try:
            async with self._store.read() as connection:
                waiting = await webhook_deliveries.backlog(connection)
                unwritten = await summaries.backlog(connection)
        except StoreError:
            self._found = None
            return
        oldest = min((one.oldest for one in waiting), default=None)
        age_s = 0.0 if oldest is None else max(0.0, (self._now() - oldest).total_seconds())
        self._found = _Found(sum(one.pending for one in waiting), age_s, unwritten)
