"""Metrics of recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.ops.metrics import PREFIX
from agent.recordings.studio import Studio


@dataclass(frozen=True, slots=True, eq=False)
class RecordingMetrics(Collector):
    """Read from the studio when Prometheus asks."""

    studio: Studio

    def collect(self) -> Iterator[Metric]:
        """All of them, as they are now."""
        studio = self.studio
        yield GaugeMetricFamily(f"{PREFIX}_recordings_active", "Recordings not complete yet", studio.active)
        for name, text, value in (
            ("recordings_failed", "Recordings that could not be written to their end", studio.failed),
            ("recordings_lost_pieces", "Pieces of 20 ms that the disk was too slow for", studio.lost_pieces),
        ):
            counter = CounterMetricFamily(f"{PREFIX}_{name}", text)
            counter.add_metric([], value)
            yield counter
