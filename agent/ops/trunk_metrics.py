"""Metrics of the lines to the outside, read when Prometheus asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agent.ops.metrics import PREFIX
from agent.telephony.ami_state import Registration
from agent.telephony.trunk_states import TrunkStates


@dataclass(frozen=True, slots=True, eq=False)
class TrunkMetrics(Collector):
    """One gauge of each kind for each trunk of which something is known."""

    trunks: TrunkStates

    def collect(self) -> Iterator[Metric]:
        """All of them, as they are now."""
        usable = _gauge("trunk_usable", "Whether calls can be expected to work over a trunk")
        registered = _gauge("trunk_registered", "Whether we are registered at the provider, where that is wanted")
        roundtrip = _gauge("trunk_roundtrip_seconds", "What the provider took to answer the last OPTIONS request")
        for state in self.trunks.all():
            if not state.known:
                continue
            usable.add_metric([state.name], state.usable)
            if state.registration is not Registration.NONE:
                registered.add_metric([state.name], state.registration is Registration.REGISTERED)
            if state.roundtrip_ms is not None:
                roundtrip.add_metric([state.name], state.roundtrip_ms / 1000)
        yield from (usable, registered, roundtrip)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=["trunk"])
