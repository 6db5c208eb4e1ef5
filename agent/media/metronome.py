"""One timer of the event loop for all that is due in the same millisecond: a hundred calls have a frame every 20 ms."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from agent.media.clock import Clock, DueCall

BEAT_S: Final = 0.001
"""Whatever is asked for happens at the next beat: so much later at most, and never sooner."""


class Metronome:
    """A clock that calls in beats. Belongs to the event loop of the clock beneath."""

    def __init__(self, clock: Clock) -> None:
        self.time = clock.time
        """Now, in seconds; not in beats."""
        self._clock = clock
        self._due: dict[int, deque[DueCall]] = {}

    def call_at(self, when: float, callback: Callable[[], object], /) -> DueCall:
        """Call with the first beat that is not before `when`, after those who asked for it earlier."""
        number = math.ceil(when / BEAT_S - _ROUNDING)
        beat = DueCall(callback)
        if number in self._due:
            self._due[number].append(beat)
        else:
            self._due[number] = deque([beat])
            self._clock.call_at(number * BEAT_S, lambda: self._strike(self._due.pop(number)))
        return beat

    def _strike(self, beats: deque[DueCall]) -> None:
        """One that fails is the event loop's to report, and holds up none of the others."""
        try:
            while beats:
                beats.popleft().fire()
        finally:
            if beats:
                self._clock.call_at(self._clock.time(), lambda: self._strike(beats))


_ROUNDING: Final = 1e-4
"""Of a beat: sums of 0.02 s that are whole beats differ from them by less."""
