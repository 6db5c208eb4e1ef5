"""Where the time comes from: the event loop in service, the test's own hand in tests."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Final, Protocol

_RESOLUTION_S: Final = 1e-9  # sums of 0.02 differ from its multiples by less; event loops allow for the same


class Timer(Protocol):
    """A call that was asked for and can be taken back."""

    def cancel(self) -> None:
        """Take it back; harmless once it has happened."""
        ...


class Clock(Protocol):
    """A monotonic clock, in seconds. An asyncio event loop is one."""

    def time(self) -> float:
        """Now."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call at `when` or as soon after it as possible."""
        ...


class DueCall:
    """A Timer of a clock that is not the event loop: that clock fires it."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        """Take it back; harmless once it has happened."""
        self._callback = None

    def fire(self) -> None:
        """Call, unless it was taken back."""
        if self._callback is not None:
            self._callback()


class ManualClock:
    """A clock that stands still until it is moved: no test waits for time to pass."""

    def __init__(self, now: float = 1000.0) -> None:
        self._now = now
        self._timers: list[tuple[float, int, DueCall]] = []
        self._order = itertools.count()

    def time(self) -> float:
        """Now."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call while `advance` passes `when`."""
        timer = DueCall(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move on, making each due call at its own time."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end + _RESOLUTION_S:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            timer.fire()
        self._now = max(self._now, end)

    def stall(self, seconds: float) -> None:
        """Move on without making any call, as when something blocks the event loop."""
        self._now += seconds
