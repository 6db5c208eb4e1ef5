"""How evenly frames left: counted in bounded memory, mergeable over streams."""

from __future__ import annotations

from array import array
from typing import Final

from agent.media.schedule import FRAME_S, Slot

LATE_S: Final = 0.010  # half a frame: less drains no jitter buffer of a telephone, the smallest of which hold one frame
BUCKET_S: Final = 0.0001
BUCKETS: Final = 2000  # to 200 ms; longer intervals share the last bucket and are reported as the longest one


class FrameStatistics:
    """Intervals between frames really sent, to 0.1 ms, and how many were late."""

    def __init__(self) -> None:
        self.sent = 0
        """Frames written to the socket."""
        self.late = 0
        """Frames sent more than LATE_S after they were due, and slots that passed without any frame."""
        self.skipped = 0
        """Slots that passed without a frame; part of `late`."""
        self.max_interval_s = 0.0
        self.max_lateness_s = 0.0
        self._intervals = array("I", [0] * (BUCKETS + 1))
        self._last: float | None = None

    def record(self, now: float, slot: Slot) -> None:
        """Count a frame of `slot` that was sent at `now`."""
        self.sent += 1
        self.skipped += slot.skipped
        self.late += slot.skipped + (slot.lateness_s - slot.skipped * FRAME_S > LATE_S)
        self.max_lateness_s = max(self.max_lateness_s, slot.lateness_s)
        if self._last is not None:
            interval = now - self._last
            self.max_interval_s = max(self.max_interval_s, interval)
            self._intervals[min(int(interval / BUCKET_S), BUCKETS)] += 1
        self._last = now

    def miss(self, slot: Slot) -> None:
        """Count `slot` as passed without a frame, and those skipped before it."""
        self.skipped += slot.skipped + 1
        self.late += slot.skipped + 1
        self.max_lateness_s = max(self.max_lateness_s, slot.lateness_s)

    def merge(self, other: FrameStatistics) -> None:
        """Add what `other` counted."""
        self.sent += other.sent
        self.late += other.late
        self.skipped += other.skipped
        self.max_interval_s = max(self.max_interval_s, other.max_interval_s)
        self.max_lateness_s = max(self.max_lateness_s, other.max_lateness_s)
        for index, count in enumerate(other._intervals):
            self._intervals[index] += count

    @property
    def late_share(self) -> float:
        """Late frames over all that were due, 0 to 1."""
        due = self.sent + self.skipped
        return self.late / due if due else 0.0

    def interval_percentile_s(self, percent: float) -> float | None:
        """The interval that `percent` of all intervals do not exceed, rounded up to 0.1 ms; None without two frames."""
        total = sum(self._intervals)
        if not total:
            return None
        rank = max(1, -int(-total * percent // 100))
        seen = 0
        for index, count in enumerate(self._intervals):
            seen += count
            if seen >= rank:
                return min((index + 1) * BUCKET_S, self.max_interval_s) if index < BUCKETS else self.max_interval_s
        raise AssertionError("unreachable: the ranks do not exceed the total")
