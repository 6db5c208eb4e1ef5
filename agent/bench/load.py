"""How much processor time and memory some processes take over a stretch of time, and how much all others take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Load:
    """What was used between the start and the end of a stretch, in per cent of one core."""

    seconds: float
    cpu: Mapping[str, float]
    """By name of the process."""
    other_cpu: float
    """All that ran on this machine beside them, the kernel's own work included."""


def resident_mb(pid: int) -> float:
    """Resident memory now, in 10^6 bytes."""
    return float(psutil.Process(pid).memory_info().rss) / MEGABYTE


class LoadMeter:
    """Counts from its making to `read`. Raises psutil.NoSuchProcess where a process has ended."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        self._start = time.monotonic()
        self._busy = _machine_busy_s()
        self._used = self._used_s()

    def read(self) -> Load:
        """What was used until now."""
        seconds = time.monotonic() - self._start
        used = {name: after - self._used[name] for name, after in self._used_s().items()}
        other = max(0.0, _machine_busy_s() - self._busy - sum(used.values()))
        return Load(
            seconds=seconds,
            cpu={name: 100 * cpu_s / seconds for name, cpu_s in used.items()},
            other_cpu=100 * other / seconds,
        )

    def _used_s(self) -> dict[str, float]:
        found = {}
        for name, process in self._processes.items():
            times = process.cpu_times()
            found[name] = times.user + times.system
        return found


def _machine_busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))
