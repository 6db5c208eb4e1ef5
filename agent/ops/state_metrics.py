"""Metrics that are read from the parts of the agent when Prometheus asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

import agent
from agent.dialog.speculation import Speculation
from agent.media.server import AudioSocketServer
from agent.ops.metrics import PREFIX
from agent.telephony.places import Places
from agent.workers.supervisor import Supervisor


@dataclass(frozen=True, slots=True, eq=False)
class StateMetrics(Collector):
    """Gauges of what is, and counters that the parts keep themselves."""

    places: Places
    media: AudioSocketServer
    workers: Supervisor
    speculation: Speculation

    def collect(self) -> Iterator[Metric]:
        """All of them, as they are now."""
        places, media, speculation = self.places, self.media, self.speculation
        yield _gauge("calls_active", "Calls that have a place", places.taken)
        yield _gauge("calls_waiting", "Calls that wait for a place", places.waiting)
        yield _gauge("capacity_calls", "Places, given by max_calls or learned", places.limit)
        yield _counter("frames_sent", "Frames of 20 ms sent to callers", {"": media.frames_sent})
        yield _counter("frames_late", "Frames sent over 10 ms late, or not at all", {"": media.frames_late})
        yield _counter(
            "speculations", "Answers begun before the caller's turn was surely over",
            {"used": speculation.used, "thrown_away": speculation.thrown_away}, "outcome",
        )  # fmt: skip
        yield _counter(
            "speculation_seconds", "Time worked on them before it was known",
            {"used": speculation.seconds_used, "thrown_away": speculation.seconds_thrown_away}, "outcome",
        )  # fmt: skip
        names = self.workers.names
        restarts = {name: self.workers.restarts(name) for name in names}
        yield _counter("worker_restarts", "Model processes started again", restarts, "worker")
        ready = GaugeMetricFamily(f"{PREFIX}_worker_ready", "Whether a model process can work", labels=["worker"])
        for name in names:
            ready.add_metric([name], self.workers.is_ready(name))
        yield ready
        build = GaugeMetricFamily(f"{PREFIX}_build_info", "Version of Phone Agent", labels=["version"])
        build.add_metric([agent.__version__], 1)
        yield build


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value=value)


def _counter(name: str, text: str, values: Mapping[str, float], label: str = "") -> CounterMetricFamily:
    family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=[label] if label else [])
    for key, value in values.items():
        family.add_metric([key] if label else [], value)
    return family
