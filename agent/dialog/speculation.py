"""How much work is risked on turns that may not be over. One ledger for all calls; the time comes from its caller."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

LATEST = 40
"""So many speculations are remembered."""
WORTH_IT = 0.4
"""With fewer hits than this among the latest, only every PROBE_EVERYth opportunity is taken."""
PROBE_EVERY = 4
JUDGED_FROM = 10
"""Fewer speculations than this say nothing about the hits."""


@dataclass(slots=True)
class Speculation:
    """Answers begun before the turn was over."""

    enabled: bool = True
    most: int = 2
    """At once, over all calls: they share the model with callers who wait."""
    waiting: int = 0
    """Callers whose turn is over and who hear nothing yet."""
    running: int = 0
    used: int = 0
    thrown_away: int = 0
    seconds_used: float = 0
    """Time from their beginning to the end of the turn."""
    seconds_thrown_away: float = 0
    _latest: deque[bool] = field(default_factory=lambda: deque(maxlen=LATEST))
    _passed_up: int = 0

    def may_begin(self) -> bool:
        """Whether an answer may be begun ahead of its time: nobody waits, few do it, and it mostly pays."""
        if not self.enabled or self.waiting or self.running >= self.most:
            return False
        pays = len(self._latest) < JUDGED_FROM or sum(self._latest) >= WORTH_IT * len(self._latest)
        if pays:
            return True
        self._passed_up += 1
        return self._passed_up % PROBE_EVERY == 0

    def begun(self) -> None:
        """One began."""
        self.running += 1

    def ended(self, seconds: float, *, used: bool) -> None:
        """One ended after so many seconds: the turn was over, or its caller went on."""
        self.running -= 1
        self._latest.append(used)
        if used:
            self.used += 1
            self.seconds_used += seconds
        else:
            self.thrown_away += 1
            self.seconds_thrown_away += seconds
