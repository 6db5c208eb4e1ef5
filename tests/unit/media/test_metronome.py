"""What is due in the same millisecond is called by one timer, never too soon, and none holds up another."""

from __future__ import annotations

import itertools
from functools import partial

import pytest

from agent.media.clock import ManualClock
from agent.media.metronome import BEAT_S, Metronome


class Counting(ManualClock):
    """Counts the timers that were asked for."""

    timers = 0

    def call_at(self, when, callback, /):  # type: ignore[no-untyped-def]  # as the clock's own
        self.timers += 1
        return super().call_at(when, callback)


def test_calls_of_one_millisecond_share_a_timer_and_come_in_order() -> None:
    clock = Counting(5.0)
    metronome = Metronome(clock)
    called: list[tuple[str, float]] = []

    def note(name: str) -> None:
        called.append((name, round(metronome.time(), 4)))

    for name, after in (("a", 0.0198), ("b", 0.0192), ("c", 0.0201)):
        metronome.call_at(5.0 + after, partial(note, name))
    clock.advance(0.03)
    assert called == [("a", 5.02), ("b", 5.02), ("c", 5.021)]
    assert clock.timers == 2


@pytest.mark.parametrize("start", [0.0, 1000.0, 123456.789])
def test_a_beat_is_never_before_its_time_and_a_whole_one_is_kept(start: float) -> None:
    clock = ManualClock(start)
    metronome = Metronome(clock)
    late: list[float] = []

    def note(when: float) -> None:
        late.append(metronome.time() - when)

    for number in range(1, 500):
        when = start + number * 0.0203
        metronome.call_at(when, partial(note, when))
    clock.advance(60)
    assert len(late) == 499
    assert min(late) >= -BEAT_S / 1000
    assert max(late) < BEAT_S


def test_frames_of_a_stream_keep_their_distance() -> None:
    clock = ManualClock(7.00037)
    metronome = Metronome(clock)
    times: list[float] = []

    def tick() -> None:
        times.append(metronome.time())
        if len(times) < 200:
            metronome.call_at(7.00037 + len(times) * 0.02, tick)

    metronome.call_at(7.00037, tick)
    clock.advance(5)
    assert {round(after - before, 6) for before, after in itertools.pairwise(times)} == {0.02}


def test_what_was_taken_back_is_not_called() -> None:
    clock = ManualClock()
    metronome = Metronome(clock)
    called: list[str] = []
    first = metronome.call_at(clock.time() + 0.01, lambda: called.append("first"))
    metronome.call_at(clock.time() + 0.01, lambda: called.append("second"))
    first.cancel()
    clock.advance(1)
    assert called == ["second"]


def test_one_that_fails_is_told_and_holds_up_none() -> None:
    clock = ManualClock()
    metronome = Metronome(clock)
    called: list[str] = []

    def fail() -> None:
        raise ValueError("of its own")

    metronome.call_at(clock.time() + 0.01, fail)
    metronome.call_at(clock.time() + 0.01, lambda: called.append("after it"))
    with pytest.raises(ValueError, match="of its own"):
        clock.advance(0.01)
    clock.advance(0.01)
    assert called == ["after it"]


def test_who_asks_within_a_beat_for_now_is_called_with_the_next() -> None:
    clock = ManualClock(3.0)
    metronome = Metronome(clock)
    called: list[float] = []
    metronome.call_at(3.01, lambda: metronome.call_at(3.01, lambda: called.append(metronome.time())))
    clock.advance(0.02)
    assert called == [pytest.approx(3.01)]
