"""Metrics of the server as a whole: which of its parts are there, and whether it takes calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.ops.metrics import PREFIX
from agent.telephony.drain import Drain


@dataclass(frozen=True, slots=True, eq=False)
class PartMetrics(Collector):
    """Read when Prometheus asks."""

    parts: Callable[[], Mapping[str, bool]]
    drain: Drain

    def collect(self) -> Iterator[Metric]:
        """All of them, as they are now."""
        up = GaugeMetricFamily(f"{PREFIX}_part_up", "Whether a part of the server is there", labels=["part"])
        for name, there in self.parts().items():
            up.add_metric([name], there)
        yield up
        draining = self.drain.state is not None
        yield GaugeMetricFamily(f"{PREFIX}_draining", "Whether new calls are sent elsewhere", draining)
