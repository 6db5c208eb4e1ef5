"""The recording of one call: two tracks on one clock, written as it goes, and what is missing on the received one."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from agent.media.recorder import TwoTrackRecorder
from agent.testing.softphone.rtp import Pcm

SMALLEST_GAP = 40  # samples, 5 ms: what `layout` leaves when it follows the delay in silence is no gap
GAPS_KEPT = 10_000  # ranges without a packet that are remembered, newest first


class Tape:
    """Left: what was sent. Right: what was received. Silence where there is neither.

    Raises OSError where the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._recorder = TwoTrackRecorder(path)
        self._missing: deque[tuple[int, int]] = deque(maxlen=GAPS_KEPT)
        self._received_to = 0

    def missing(self) -> tuple[tuple[int, int], ...]:
        """Ranges [start, end) of the received track that no packet covers, up to the latest packet."""
        return tuple(self._missing)

    def put_sent(self, position: int, pcm: Pcm) -> None:
        """Lay down what was sent; `position` in samples from the start of the recording."""
        self._recorder.write_left(pcm.tobytes(), position)

    def put_received(self, position: int, pcm: Pcm) -> None:
        """Lay down what was received, in any order."""
        end = position + len(pcm)
        self._recorder.write_right(pcm.tobytes(), position)
        if position - self._received_to >= SMALLEST_GAP:
            self._missing.append((self._received_to, position))
        elif position < self._received_to and self._missing and position < self._missing[-1][1]:
            self._cover(position, end)
        self._received_to = max(self._received_to, end)

    def close(self) -> None:
        """Write the rest and close the file."""
        self._recorder.close()

    def _cover(self, start: int, end: int) -> None:
        """A packet came out of order: take its range out of what is missing."""
        later: list[tuple[int, int]] = []
        while self._missing and self._missing[-1][1] > start:
            gap = self._missing.pop()
            later += [part for part in ((max(gap[0], end), gap[1]), (gap[0], min(gap[1], start))) if part[0] < part[1]]
        self._missing.extend(reversed(later))
