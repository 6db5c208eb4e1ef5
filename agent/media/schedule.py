"""When each frame is due: an absolute grid of 20 ms that late frames neither bend nor catch up with. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

SAMPLE_RATE: Final = 8000
FRAME_S: Final = 0.02
FRAME_SAMPLES: Final = 160
FRAME_BYTES: Final = 2 * FRAME_SAMPLES
MIN_INTERVAL_S: Final = 0.010  # Asterisk forwards at once: two frames closer than this reach the caller as a burst


class Slot(NamedTuple):
    """The place of one frame on the grid."""

    number: int
    """Counts 20 ms from the start, so `number * FRAME_SAMPLES` is the frame's position on the stream's clock."""
    lateness_s: float
    """Time since the frame was due; where slots were skipped, since the first of them was due."""
    skipped: int
    """Slots that passed before this one without a frame."""


class Schedule:
    """The grid of one stream, `start + n * FRAME_S`.

    A late frame is sent at once and the next one is due on the grid again, but never sooner than MIN_INTERVAL_S
    after it. Slots that passed entirely are skipped, not made up for. So whatever delays `take`: no two frames are
    closer than MIN_INTERVAL_S, and until t no more than `(t - start) / FRAME_S + 1` are sent.
    """

    def __init__(self, start: float) -> None:
        self._start = start
        self._next = 0
        self._not_before = start

    @property
    def due(self) -> float:
        """Time of the next frame."""
        return max(self._start + self._next * FRAME_S, self._not_before)

    def take(self, now: float) -> Slot:
        """The slot for a frame that is sent, or withheld, at `now`, which is not before `due`."""
        lateness = max(0.0, now - (self._start + self._next * FRAME_S))
        skipped = int(lateness / FRAME_S)
        number = self._next + skipped
        self._next = number + 1
        self._not_before = now + MIN_INTERVAL_S
        return Slot(number, lateness, skipped)
