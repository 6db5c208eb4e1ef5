"""How long a caller waited for answers, over a whole call."""

from __future__ import annotations

from collections.abc import Iterable

from agent.domain.call_resource import Latency
from agent.domain.turns import Turn


def waiting_times(turns: Iterable[Turn]) -> Latency:
    """Over all answers among `turns`: nearest-rank percentiles, since a call has few."""
    waited = sorted(turn.timings.waited_s * 1000 for turn in turns if turn.timings.waited_s is not None)
    if not waited:
        return Latency(answers=0)

    def rank(percent: int) -> float:
        return round(waited[max(0, -(-len(waited) * percent // 100) - 1)], 1)

    return Latency(answers=len(waited), p50_ms=rank(50), p95_ms=rank(95), max_ms=rank(100))
