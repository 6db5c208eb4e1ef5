"""Percentiles, the one way for every report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The `percent`-th percentile (0 to 100) of values that are sorted upwards.

    Linear interpolation between the two nearest values: type 7 of Hyndman and Fan (1996), which is also
    the default of NumPy, so that figures compare. Of few values the high percentiles lie below the
    largest one; the report states `max` and the count beside them. Raises ValueError without values.
    """
    if not ordered:
        raise ValueError("There is no percentile of nothing.")
    position = (len(ordered) - 1) * percent / 100
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


@dataclass(frozen=True, slots=True)
class Summary:
    """Some values in a few figures, in the unit of the values; all None where there were none."""

    count: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None


def summarise(values: Iterable[float]) -> Summary:
    """The summary of `values`, in any order."""
    ordered = sorted(values)
    if not ordered:
        return Summary(count=0)
    p50, p95, p99 = (percentile(ordered, percent) for percent in (50, 95, 99))
    return Summary(count=len(ordered), p50=p50, p95=p95, p99=p99, max=ordered[-1])
