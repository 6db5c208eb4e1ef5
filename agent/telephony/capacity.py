"""How many calls at once this machine can serve without making callers wait: learned from what turns took. Pure.

Each answer is slow or not: did the caller wait longer than the bound, from the end of speech to the first sound? The
bound is for 95 % of answers, so whether a number of calls is too many is the question whether more than 5 % are slow.
Wald's sequential probability ratio test (1945) decides it with the fewest answers, between a share of slow answers that
is fine and one that is bad; here with its sum bounded below (Page's CUSUM, 1954), so that a good past does not hide
that it has become worse. Four slow answers in a row are enough for "bad" (seven after a good past), 58 quick ones for
"fine". Slow answers come in bunches, since callers who wait, wait for each other; a queueing model with that in it
(tests/unit/telephony/office.py) chose the figures below: 1.5 to 5 % of answers slow, and 80 to 115 % of the calls that
could be served.

- Bad at `n` calls: the limit becomes `n - 1`, at least 1, and `n` is not tried again for a while, each time longer.
- Fine at the limit, and only there, since quick answers to few callers say nothing about many: the limit grows, by half
  until something was bad once, then by one.
- Calls that are there when the limit sinks stay; the limit decides about new ones alone.
"""

from __future__ import annotations

import math

from agent.settings import CapacitySettings

FINE_SHARE = 0.025
BAD_SHARE = 0.10
"""Shares of slow answers around the 5 % of a 95th percentile."""
ERROR = 0.01
"""Chance of either wrong verdict."""
SLOW_STEP = math.log(BAD_SHARE / FINE_SHARE)
QUICK_STEP = math.log((1 - BAD_SHARE) / (1 - FINE_SHARE))
VERDICT = math.log((1 - ERROR) / ERROR)
FIRST_PROBE_S = 300.0
"""Before a number of calls that was too many is tried again; doubled each time that it still is."""
LONGEST_PROBE_S = 3600.0


class Capacity:
    """The limit of calls. Times are seconds of any clock that does not go back."""

    def __init__(self, settings: CapacitySettings) -> None:
        self._bound_s = settings.turn_p95_s
        self._learns = settings.max_calls == 0
        self._limit = settings.max_calls or settings.start_calls
        self._evidence: dict[int, float] = {}
        self._too_many: int | None = None
        self._probe_s = FIRST_PROBE_S
        self._probe_at = 0.0

    @property
    def limit(self) -> int:
        """How many calls there may be now; at least 1."""
        return self._limit

    def turn(self, took_s: float, *, calls: int, at: float) -> None:
        """A caller waited `took_s` for the first sound of an answer, while `calls` calls were under way."""
        slow = took_s > self._bound_s
        if not self._learns or calls < 1 or (calls > self._limit and slow):
            return  # more calls than the limit allows were admitted before it sank: that is known already
        level = min(calls, self._limit)
        evidence = self._evidence.get(level, 0.0) + (SLOW_STEP if slow else QUICK_STEP)
        self._evidence[level] = max(evidence, -VERDICT)
        if evidence >= VERDICT:
            self._shrink(level, at)
        elif evidence <= -VERDICT and level == self._limit:
            self._grow(at)

    def _shrink(self, bad: int, at: float) -> None:
        if self._too_many is not None and bad >= self._too_many:
            self._probe_s = min(2 * self._probe_s, LONGEST_PROBE_S)
        else:
            self._probe_s = FIRST_PROBE_S
        self._too_many, self._probe_at = bad, at + self._probe_s
        self._move(max(1, bad - 1))

    def _grow(self, at: float) -> None:
        if self._too_many is None:
            self._move(self._limit + max(1, self._limit // 2))
        elif self._limit + 1 < self._too_many or at >= self._probe_at:
            self._move(self._limit + 1)

    def _move(self, limit: int) -> None:
        self._limit = limit
        self._evidence = {level: evidence for level, evidence in self._evidence.items() if level < limit}
