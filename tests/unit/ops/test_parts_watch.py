from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from agent.ops.parts_watch import PartChange, PartStates

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def told(history: Sequence[tuple[float, bool]], *, down: bool = False) -> list[tuple[float, bool, datetime]]:
    """What is told of one part that was seen so at those seconds: when, whether up, since when."""
    states = PartStates(["mind"] if down else [])
    return [
        (second, change.up, change.since)
        for second, up in history
        for change in states.look({"mind": up, "ears": True}, at(second))
    ]


def test_a_part_that_is_there_is_not_told() -> None:
    assert told([(second, True) for second in range(60)]) == []


@pytest.mark.parametrize("seconds", [1, 3, 4.9])
def test_a_moment_is_not_told(seconds: float) -> None:
    assert told([(0, True), (1, False), (1 + seconds, True), (20, True)]) == []


def test_longer_is_told_once_with_when_it_began() -> None:
    assert told([(second, second < 10) for second in range(60)]) == [(15, False, at(10))]


def test_what_comes_back_is_told_once() -> None:
    history = [(second, not 10 <= second < 30) for second in range(60)]
    assert told(history) == [(15, False, at(10)), (35, True, at(30))]


def test_what_comes_and_goes_is_down() -> None:
    history = [(second, second < 10 or second % 4 == 0) for second in range(11, 100)]
    assert told([(second, False) for second in range(10)] + history) == [(5, False, at(0))]


def test_what_an_earlier_process_told_is_taken_back() -> None:
    assert told([(second, True) for second in range(20)], down=True) == [(5, True, at(0))]


def test_what_an_earlier_process_told_is_not_told_again() -> None:
    assert told([(second, False) for second in range(20)], down=True) == []


def test_parts_are_independent() -> None:
    states = PartStates()
    seen = [states.look({"mind": False, "ears": second < 3}, at(second)) for second in range(10)]
    changes = [(second, change) for second, found in enumerate(seen) for change in found]
    assert changes == [(5, PartChange("mind", up=False, since=at(0))), (8, PartChange("ears", up=False, since=at(3)))]
