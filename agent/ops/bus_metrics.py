"""Metrics of the message queue: how far it is behind, and whether anything gets through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.bus.bus import Bus
from agent.ops.metrics import PREFIX, Metrics
from agent.store.record import Record


@dataclass(frozen=True, slots=True, eq=False)
class BusMetrics(Collector):
    """Read from the bus when Prometheus asks; nothing where there is none."""

    bus: Bus

    def collect(self) -> Iterator[Metric]:
        """All of them, as they are now."""
        relay, publisher = self.bus.relay, self.bus.publisher
        if relay is None or publisher is None:
            return
        yield GaugeMetricFamily(f"{PREFIX}_bus_up", "Whether the message queue takes events", relay.problem is None)
        yield GaugeMetricFamily(f"{PREFIX}_bus_backlog", "Events that are not published yet, at most", relay.backlog)
        yield _counter("bus_published", "Events that this process published", relay.published)
        yield _counter("bus_unroutable", "Of them, those that the broker gave to nobody", publisher.unroutable)
        yield _counter("bus_failures", "Attempts to publish that failed", relay.failures)


async def open_bus(bus: Bus, record: Record, metrics: Metrics, stack: AsyncExitStack) -> None:
    """Publish what is recorded, and tell Prometheus of it, until `stack` is closed. Raises StoreError."""
    stack.push_async_callback(bus.close)
    await bus.start()
    record.when_told(bus.told)
    metrics.add(BusMetrics(bus))


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    family = CounterMetricFamily(f"{PREFIX}_{name}", text)
    family.add_metric([], value)
    return family
