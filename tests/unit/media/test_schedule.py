"""The 20 ms grid under every kind of delay."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.media.schedule import FRAME_S, MIN_INTERVAL_S, Schedule

EPSILON = 1e-9


def test_on_time_it_is_an_absolute_grid_that_never_drifts() -> None:
    schedule = Schedule(50.0)
    for n in range(100_000):
        assert schedule.due == 50.0 + n * FRAME_S
        assert schedule.take(schedule.due).number == n


def test_a_little_late_the_next_frame_is_on_the_grid() -> None:
    schedule = Schedule(0.0)
    schedule.take(0.0)
    slot = schedule.take(0.027)
    assert (slot.number, slot.skipped) == (1, 0)
    assert slot.lateness_s == pytest.approx(0.007)
    assert schedule.due == 0.04


def test_very_late_the_next_frame_keeps_its_distance() -> None:
    schedule = Schedule(0.0)
    schedule.take(0.0)
    assert schedule.take(0.038).skipped == 0
    assert schedule.due == pytest.approx(0.048)
    assert schedule.take(0.048).number == 2
    assert schedule.due == 0.06


def test_slots_that_passed_are_skipped_and_not_made_up_for() -> None:
    schedule = Schedule(0.0)
    schedule.take(0.0)
    slot = schedule.take(0.125)
    assert (slot.number, slot.skipped) == (6, 5)
    assert slot.lateness_s == pytest.approx(0.105)
    assert schedule.due == pytest.approx(0.14)
    assert schedule.take(0.14).number == 7


@given(st.floats(0, 1e6), st.lists(st.floats(0, 0.5), min_size=1, max_size=200))
def test_never_a_burst_and_never_more_than_the_time_allows(start: float, delays: list[float]) -> None:
    schedule = Schedule(start)
    sent: list[tuple[float, int]] = []
    for delay in delays:
        now = schedule.due + delay
        slot = schedule.take(now)
        assert slot.lateness_s >= slot.skipped * FRAME_S - EPSILON
        sent.append((now, slot.number))
    for (earlier, a), (later, b) in pairwise(sent):
        assert later - earlier >= MIN_INTERVAL_S - EPSILON
        assert b > a
    for count, (now, number) in enumerate(sent, 1):
        assert count - 1 <= number <= (now - start + EPSILON) / FRAME_S


@given(st.lists(st.floats(0, MIN_INTERVAL_S), min_size=1, max_size=200))
def test_small_delays_lose_no_slot(delays: list[float]) -> None:
    schedule = Schedule(0.0)
    numbers = [schedule.take(schedule.due + delay).number for delay in delays]
    assert numbers == list(range(len(delays)))
