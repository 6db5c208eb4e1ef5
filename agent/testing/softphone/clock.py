"""The sending clock: one packet per 20 ms on an absolute scale, and a record of how late its user was."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from agent.testing.softphone.rtp import FRAME, RATE

LATE_MS = 5.0  # a packet sent later than this is noted by itself
NOTED = 1000  # such packets are remembered, newest first
_BIN_MS = 0.1
_BINS = 2000  # 200 ms; what is longer counts as the last


@dataclass(frozen=True, slots=True)
class ClockStatistics:
    """How well the softphone itself kept time. Milliseconds."""

    frames: int
    interval_p50_ms: float
    interval_p99_ms: float
    interval_max_ms: float
    late_p99_ms: float
    """Against the absolute scale."""
    late_max_ms: float
    late_frames: int
    """Sent more than 5 ms late."""


class FrameClock:
    """Due times of frames, from `origin` in seconds of the monotonic clock."""

    def __init__(self, origin: float) -> None:
        self.origin = origin
        self.late: deque[tuple[int, float]] = deque(maxlen=NOTED)
        """Position and lateness in ms of every packet that was sent more than 5 ms late."""
        self._frames = 0
        self._sent = 0
        self._late_frames = 0
        self._last_sent: float | None = None
        self._intervals = _Histogram()
        self._lateness = _Histogram()

    @property
    def frame(self) -> int:
        """Number of the frame that is sent next."""
        return self._frames

    @property
    def due(self) -> float:
        """When it has to leave."""
        return self.origin + self._frames * FRAME / RATE

    def position(self, at: float) -> int:
        """Recording position of a moment."""
        return round((at - self.origin) * RATE)

    def skip(self) -> None:
        """Nothing is sent in this frame: it is left out of the statistics."""
        self._last_sent = None
        self._frames += 1

    def sent(self, at: float) -> None:
        """The due frame has left."""
        self._sent += 1
        late_ms = max(0.0, (at - self.due) * 1000)
        self._lateness.add(late_ms)
        if late_ms > LATE_MS:
            self._late_frames += 1
            self.late.append((self._frames * FRAME, late_ms))
        if self._last_sent is not None:
            self._intervals.add((at - self._last_sent) * 1000)
        self._last_sent = at
        self._frames += 1

    def statistics(self) -> ClockStatistics:
        """So far."""
        return ClockStatistics(
            frames=self._sent,
            interval_p50_ms=self._intervals.quantile(0.5),
            interval_p99_ms=self._intervals.quantile(0.99),
            interval_max_ms=self._intervals.largest,
            late_p99_ms=self._lateness.quantile(0.99),
            late_max_ms=self._lateness.largest,
            late_frames=self._late_frames,
        )


class _Histogram:
    """Quantiles to 0.1 ms in bounded memory."""

    def __init__(self) -> None:
        self.largest = 0.0
        self._counts = np.zeros(_BINS, np.int64)

    def add(self, value_ms: float) -> None:
        self.largest = max(self.largest, value_ms)
        self._counts[min(int(value_ms / _BIN_MS), _BINS - 1)] += 1

    def quantile(self, share: float) -> float:
        """Upper edge of the bin in which the quantile lies; 0 where nothing was added."""
        total = int(self._counts.sum())
        if not total:
            return 0.0
        index = int(np.searchsorted(np.cumsum(self._counts), share * total))
        return min((index + 1) * _BIN_MS, self.largest)
