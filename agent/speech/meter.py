"""Shares the processor time of one model process out to the calls that it works for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent.domain.cost import COST, Cost

_SCHEDULED = 2  # CPUCLOCK_SCHED: the clock of all threads of a process; see clock_getcpuclockid(3)


def cpu_seconds(pid: int) -> float | None:
    """Processor time that a process has taken, all its threads together; None where it is gone. Takes 1 µs."""
    try:
        return time.clock_gettime((~pid << 3) | _SCHEDULED)
    except OSError:
        return None


class Meter:
    """Belongs to one event loop.

    What the process takes between two changes of its work is shared equally by the requests that it has then. Ears and
    mouth have one at a time, so their share is exact; so is the sum over all calls. What it takes with no request is
    nobody's, and so is what was cut off and is still computed for a moment.
    """

    def __init__(self, pid: Callable[[], int | None], *, read: Callable[[int], float | None] = cpu_seconds) -> None:
        """`pid`: of the process now; None while there is none."""
        self._pid = pid
        self._read = read
        self._working: list[Cost | None] = []
        self._last: tuple[int, float] | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """The process has a request of the present task's call until the block is left."""
        cost = COST.get()
        self._settle()
        self._working.append(cost)
        try:
            yield
        finally:
            self._settle()
            self._working.remove(cost)

    def _settle(self) -> None:
        """Share out what was taken since the last time. A process that was started anew counts from then."""
        pid = self._pid()
        now = None if pid is None else self._read(pid)
        before, self._last = self._last, None if pid is None or now is None else (pid, now)
        if before is None or now is None or before[0] != pid or not self._working:
            return
        share = (now - before[1]) / len(self._working)
        for cost in self._working:
            if cost is not None:
                cost.cpu_seconds += share
                cost.metered = True
