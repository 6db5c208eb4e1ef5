from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.turn_taking import (
    Decision,
    Interrupted,
    NoiseOver,
    Paused,
    Resumed,
    SpeechBegan,
    TurnOver,
    TurnTaking,
)
from agent.settings import TurnSettings

POLICY = TurnSettings(pause_ms=200, end_silence_ms=500, min_speech_ms=96, interrupt_speech_ms=256, max_turn_s=10)
WINDOW = 32


def play(*parts: tuple[float, int], agent_talks: bool = False, policy: TurnSettings = POLICY) -> list[Decision]:
    """Parts are (probability, milliseconds)."""
    turns, at, decisions = TurnTaking(policy), 0, []
    for probability, milliseconds in parts:
        for _ in range(milliseconds // WINDOW):
            at += WINDOW
            decisions += turns.hear(probability, at, WINDOW, agent_talks=agent_talks)
    return decisions


def test_a_turn_is_over_after_the_silence_counted_from_the_last_speech() -> None:
    assert play((0, 320), (0.9, 960), (0, 960)) == [
        SpeechBegan(320),
        Paused(ended_ms=1280),
        TurnOver(started_ms=320, ended_ms=1280, speech_ms=960),
    ]


def test_a_pause_shorter_than_the_silence_belongs_to_the_turn() -> None:
    assert play((0.9, 320), (0, 480), (0.9, 320), (0, 640))[1:] == [
        Paused(ended_ms=320), Resumed(at_ms=832), Paused(ended_ms=1120), TurnOver(0, 1120, 640),
    ]  # fmt: skip


def test_a_click_is_a_noise() -> None:
    assert [type(decision) for decision in play((0.9, 64), (0, 640))] == [SpeechBegan, NoiseOver]


def test_a_short_yes_is_a_turn_while_the_agent_is_silent() -> None:
    assert isinstance(play((0.9, 128), (0, 640))[-1], TurnOver)


def test_a_short_yes_is_none_while_the_agent_talks() -> None:
    assert [type(d) for d in play((0.9, 128), (0, 640), agent_talks=True)] == [SpeechBegan, NoiseOver]


def test_speech_over_the_agent_interrupts_once_as_soon_as_it_is_long_enough() -> None:
    decisions = play((0.9, 960), (0, 640), agent_talks=True)
    assert decisions[1] == Interrupted(256)
    assert [type(decision) for decision in decisions] == [SpeechBegan, Interrupted, Paused, TurnOver]


def test_a_probability_that_hovers_about_the_threshold_does_not_tear_a_word_apart() -> None:
    assert play((0.6, 32), (0.4, 320), (0, 640))[-1] == TurnOver(0, 352, 352)


def test_endless_speech_is_cut_into_turns() -> None:
    decisions = play((0.9, 25_000))
    assert [type(d) for d in decisions] == [SpeechBegan, TurnOver, SpeechBegan, TurnOver, SpeechBegan]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=600))
def test_every_beginning_has_one_end_and_time_runs_forward(windows: list[tuple[float, bool]]) -> None:
    turns, open_turn, at = TurnTaking(POLICY), False, 0
    for probability, agent_talks in [*windows, *[(0.0, False)] * 20]:
        at += WINDOW
        for decision in turns.hear(probability, at, WINDOW, agent_talks=agent_talks):
            match decision:
                case SpeechBegan():
                    assert not open_turn
                    open_turn = True
                case TurnOver(started_ms, ended_ms, speech_ms):
                    assert open_turn
                    assert started_ms < ended_ms <= at
                    assert POLICY.min_speech_ms <= speech_ms <= ended_ms - started_ms
                    open_turn = False
                case NoiseOver():
                    assert open_turn
                    open_turn = False
                case Interrupted() | Paused() | Resumed():
                    assert open_turn
    assert not open_turn
