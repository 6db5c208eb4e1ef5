"""A machine that answers calls, as a closed queueing model: callers think, then wait for a server that takes its time.

One server with service times of an exponential distribution and `n` callers who think for exponential times is the
machine-repairman model M/M/1//n, whose waiting times are known; here it is played event by event.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

from agent.ops.percentiles import percentile


class Office:
    def __init__(self, *, work_s: float, think_s: float, seed: int) -> None:
        self.work_s = work_s
        self._think_s = think_s
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self.now = 0.0
        self._free_at = 0.0
        self._speaks_at: list[float] = []

    def turns(self, count: int, *, calls: Callable[[], int], took: Callable[[float, int, float], None]) -> None:
        """Play so many turns with always `calls()` calls under way; `took` is told each wait, the calls, and when."""
        for _ in range(count):
            while len(self._speaks_at) < calls():
                heapq.heappush(self._speaks_at, self.now + self._thought())
            self.now = heapq.heappop(self._speaks_at)
            under_way = len(self._speaks_at) + 1
            begins = max(self.now, self._free_at)
            self._free_at = begins + self._random.expovariate(1 / self.work_s)
            wait_s = self._free_at - self.now
            if under_way <= calls():  # else this caller hangs up after the answer, and is not replaced
                heapq.heappush(self._speaks_at, self._free_at + self._thought())
            took(wait_s, under_way, self.now)

    def p95_s(self, calls: int, *, turns: int = 20_000) -> float:
        """What callers wait when so many are there all the time."""
        waits: list[float] = []
        self.turns(turns, calls=lambda: calls, took=lambda wait_s, _calls, _at: waits.append(wait_s))
        return percentile(sorted(waits), 95)

    def _thought(self) -> float:
        return self._random.expovariate(1 / self._think_s)
