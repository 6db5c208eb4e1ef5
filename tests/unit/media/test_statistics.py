"""What the bench reads off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.media.schedule import FRAME_S, Schedule, Slot
from agent.media.statistics import BUCKET_S, FrameStatistics


def sent_at(*times: float) -> FrameStatistics:
    schedule, statistics = Schedule(0.0), FrameStatistics()
    for now in times:
        statistics.record(now, schedule.take(now))
    return statistics


def test_nothing_sent() -> None:
    statistics = FrameStatistics()
    assert (statistics.sent, statistics.late_share, statistics.interval_percentile_s(99)) == (0, 0.0, None)


def test_late_is_more_than_half_a_frame() -> None:
    statistics = sent_at(0.0, 0.0299, 0.0502, 0.06)
    assert (statistics.sent, statistics.late, statistics.skipped) == (4, 1, 0)
    assert statistics.max_lateness_s == pytest.approx(0.0102)
    assert statistics.late_share == 0.25


def test_a_slot_without_a_frame_is_late_too() -> None:
    statistics = sent_at(0.0, 0.02, 0.105)
    assert (statistics.sent, statistics.skipped, statistics.late) == (3, 3, 3)
    assert statistics.late_share == 3 / 6


def test_a_frame_that_was_withheld_is_late() -> None:
    statistics = FrameStatistics()
    statistics.miss(Slot(3, 0.045, 2))
    assert (statistics.sent, statistics.skipped, statistics.late, statistics.max_lateness_s) == (0, 3, 3, 0.045)


def test_percentiles_are_exact_to_a_bucket() -> None:
    statistics = FrameStatistics()
    now = 0.0
    statistics.record(now, Slot(0, 0.0, 0))
    for tenths in range(1, 101):
        now += tenths * BUCKET_S + BUCKET_S / 2
        statistics.record(now, Slot(tenths, 0.0, 0))
    for percent in (1, 50, 95, 99):
        assert statistics.interval_percentile_s(percent) == pytest.approx((percent + 1) * BUCKET_S)
    assert statistics.interval_percentile_s(100) == statistics.max_interval_s


def test_what_is_off_the_scale_is_reported_as_the_longest() -> None:
    statistics = sent_at(0.0, 0.7)
    assert statistics.interval_percentile_s(50) == statistics.max_interval_s == pytest.approx(0.7)


@given(st.lists(st.floats(0, 0.3), max_size=60), st.lists(st.floats(0, 0.3), max_size=60))
def test_merging_is_counting_together(left: list[float], right: list[float]) -> None:
    parts = []
    for delays in (left, right):
        times = [n * FRAME_S + sum(delays[:n]) for n in range(len(delays))]
        parts.append(sent_at(*times))
    merged = FrameStatistics()
    for part in parts:
        merged.merge(part)
    assert merged.sent == len(left) + len(right)
    assert merged.late == sum(part.late for part in parts)
    assert merged.max_interval_s == max(part.max_interval_s for part in parts)
    worst = merged.interval_percentile_s(100)
    assert worst is None or worst == pytest.approx(merged.max_interval_s)
