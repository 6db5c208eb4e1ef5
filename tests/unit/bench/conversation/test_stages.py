from __future__ import annotations

import pytest

from agent.bench.conversation.stages import HEARD, HELD, Segment, medians, segments, slowest_last

IN_ORDER = {
    "speech_ended": 10.0,
    "turn_ended": 500.0,
    "transcribed": 550.0,
    "first_token": 650.0,
    "first_clause": 800.0,
    "first_sound_queued": 900.0,
    "first_sound_played": 920.0,
}
AHEAD = {
    **IN_ORDER, "transcribed": 200.0, "first_token": 250.0, "first_clause": 300.0, "first_sound_queued": 350.0,
    "first_sound_played": 510.0,
}  # fmt: skip


def test_work_after_the_turn_follows_stage_by_stage() -> None:
    assert segments(IN_ORDER, 960.0) == [
        Segment("transcribed", 0.0, 550.0),
        Segment("first_token", 550.0, 650.0),
        Segment("first_clause", 650.0, 800.0),
        Segment("first_sound_queued", 800.0, 900.0),
        Segment("first_sound_played", 900.0, 920.0),
        Segment(HEARD, 920.0, 960.0),
    ]


def test_work_done_ahead_is_held_until_the_turn_is_over() -> None:
    found = segments(AHEAD, 550.0)
    assert Segment(HELD, 350.0, 500.0) in found
    assert Segment("first_sound_played", 500.0, 510.0) in found


@pytest.mark.parametrize("missing", sorted(IN_ORDER))
def test_whatever_is_missing_the_time_adds_up(missing: str) -> None:
    found = segments({name: at for name, at in IN_ORDER.items() if name != missing}, 960.0)
    assert (found[0].start, found[-1].end) == (0.0, 960.0)
    assert [one.start for one in found[1:]] == [one.end for one in found[:-1]]


def test_without_any_account_all_of_it_is_the_wait() -> None:
    assert segments({}, 960.0) == [Segment(HEARD, 0.0, 960.0)]


def test_a_clock_that_is_off_makes_no_time_negative() -> None:
    found = segments({**IN_ORDER, "transcribed": -30.0, "first_sound_played": 1200.0}, 960.0)
    assert all(one.end > one.start for one in found)
    assert found[-1].end == 960.0


def test_the_typical_turn() -> None:
    found = {stage.stage: stage for stage in medians([(IN_ORDER, 960.0), (IN_ORDER, 980.0), (AHEAD, 550.0)])}
    assert list(found)[:3] == ["speech_ended", "turn_ended", "transcribed"]
    assert found["first_token"].start == 550.0
    assert found["first_token"].end.p50 == 650.0
    assert found[HEARD].end.p50 == 960.0
    assert found[HEARD].end.count == 3


def test_the_slowest_come_last() -> None:
    assert [heard for _, heard in slowest_last([({}, 3.0), ({}, 1.0), ({}, 2.0)])] == [1.0, 2.0, 3.0]
