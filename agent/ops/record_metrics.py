"""Metrics of the record: what waits for the database, and what was lost to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.ops.metrics import PREFIX
from agent.store.recorder import Recorder


@dataclass(frozen=True, slots=True, eq=False)
class RecordMetrics(Collector):
    """Read from the recorder when Prometheus asks."""

    recorder: Recorder

    def collect(self) -> Iterator[Metric]:
        """All of them, as they are now."""
        recorder = self.recorder
        yield GaugeMetricFamily(f"{PREFIX}_record_waiting", "Events that are not on disk yet", recorder.waiting)
        yield GaugeMetricFamily(f"{PREFIX}_record_up", "Whether the database takes events", recorder.problem is None)
        lost = CounterMetricFamily(f"{PREFIX}_record_lost", "Events that could not be recorded and were given up")
        lost.add_metric([], recorder.lost)
        yield lost
