"""The sending clock: one packet per 20 ms on an absolute scale, and a record of how late its user was.

Unlike the agent's playout, which skips what it could not send in time, this clock catches up: a caller's words must not
get lost because the stick stumbled. That it did is in the record.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from agent.media.schedule import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE, Slot
from agent.media.statistics import FrameStatistics

NOTED_LATE_S = 0.005  # a quarter of the 20 ms to which a latency is to be right
NOTED = 1000  # late packets that are remembered one by one, newest first


@dataclass(frozen=True, slots=True)
class ClockStatistics:
    """How well the softphone itself kept time. Milliseconds."""

    frames: int
    """Packets sent."""
    interval_p50_ms: float
    interval_p99_ms: float
    interval_max_ms: float
    late_max_ms: float
    """Against the absolute scale."""
    late_frames: int
    """Sent more than 10 ms late."""


class FrameClock:
    """Due times of frames, from `origin` in seconds of the monotonic clock."""

    def __init__(self, origin: float) -> None:
        self.origin = origin
        self.frame = 0
        """Number of the frame that is sent next."""
        self.late: deque[tuple[int, float]] = deque(maxlen=NOTED)
        """Position and lateness in ms of packets that were sent more than 5 ms late."""
        self._before = FrameStatistics()
        self._statistics = FrameStatistics()

    @property
    def due(self) -> float:
        """When the next frame has to leave."""
        return self.origin + self.frame * FRAME_S

    def position(self, at: float) -> int:
        """Recording position of a moment."""
        return round((at - self.origin) * SAMPLE_RATE)

    def skip(self) -> None:
        """The due frame is not sent at all: nobody wants it. The pause is no interval."""
        if self._statistics.sent:
            self._before.merge(self._statistics)
            self._statistics = FrameStatistics()
        self.frame += 1

    def sent(self, at: float) -> None:
        """The due frame has left."""
        lateness = max(0.0, at - self.due)
        self._statistics.record(at, Slot(self.frame, lateness, 0))
        if lateness > NOTED_LATE_S:
            self.late.append((self.frame * FRAME_SAMPLES, lateness * 1000))
        self.frame += 1

    def statistics(self) -> ClockStatistics:
        """So far; intervals are 0 before the second packet."""
        frames = FrameStatistics()
        frames.merge(self._before)
        frames.merge(self._statistics)
        return ClockStatistics(
            frames=frames.sent,
            interval_p50_ms=1000 * (frames.interval_percentile_s(50) or 0.0),
            interval_p99_ms=1000 * (frames.interval_percentile_s(99) or 0.0),
            interval_max_ms=1000 * frames.max_interval_s,
            late_max_ms=1000 * frames.max_lateness_s,
            late_frames=frames.late,
        )
