from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.completeness import Completeness
from agent.dialog.end_wait import COMPLETE_FROM, SURELY_COMPLETE_FROM, UNFINISHED_BELOW, EndWait
from agent.settings import TurnSettings

POLICY = TurnSettings(
    answer_wait_ms=500, complete_wait_ms=550, unsure_wait_ms=950, unfinished_wait_ms=1400, dictating_wait_ms=1500,
    longest_wait_ms=2500,
)  # fmt: skip
ANSWER, COMPLETE, UNSURE = Completeness.ANSWER, Completeness.COMPLETE, Completeness.UNSURE
UNFINISHED, DICTATING = Completeness.UNFINISHED, Completeness.DICTATING


@pytest.mark.parametrize(
    ("judgement", "wait_ms"), [(ANSWER, 500), (COMPLETE, 550), (UNSURE, 950), (UNFINISHED, 1400), (DICTATING, 1500)]
)
def test_without_more_the_words_decide(judgement: Completeness, wait_ms: int) -> None:
    assert EndWait(POLICY).wait_ms(judgement) == wait_ms


@pytest.mark.parametrize(
    ("judgement", "finality", "wait_ms"),
    [
        (COMPLETE, COMPLETE_FROM + 0.01, 550),
        (COMPLETE, COMPLETE_FROM - 0.01, 950),
        (COMPLETE, UNFINISHED_BELOW - 0.01, 1400),
        (UNSURE, SURELY_COMPLETE_FROM + 0.01, 550),
        (UNSURE, SURELY_COMPLETE_FROM - 0.01, 950),
        (UNSURE, UNFINISHED_BELOW - 0.01, 1400),
        (ANSWER, 0.01, 500),
        (UNFINISHED, COMPLETE_FROM + 0.01, 950),
        (UNFINISHED, COMPLETE_FROM - 0.01, 1400),
        (DICTATING, 0.99, 1500),
    ],
)
def test_how_final_it_sounded_refines_what_the_words_say(
    judgement: Completeness, finality: float, wait_ms: int
) -> None:
    assert EndWait(POLICY).wait_ms(judgement, finality) == wait_ms


def test_a_caller_who_makes_long_pauses_is_given_them() -> None:
    wait = EndWait(POLICY)
    for _ in range(3):
        wait.went_on(1800)
    assert wait.wait_ms(UNFINISHED) > 1650
    assert wait.wait_ms(UNSURE) > 1650
    assert 550 < wait.wait_ms(COMPLETE) < 950
    assert wait.wait_ms(ANSWER) == 500


def test_short_pauses_lengthen_nothing() -> None:
    wait = EndWait(POLICY)
    wait.went_on(300)
    assert [wait.wait_ms(judgement) for judgement in Completeness] == [500, 550, 950, 1400, 1500]


def test_it_comes_back_down_turn_by_turn() -> None:
    wait = EndWait(POLICY)
    wait.went_on(1800)
    waits = []
    for _ in range(12):
        wait.turn_over()
        waits.append(wait.wait_ms(UNSURE))
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] == 950


def test_the_turn_that_had_the_long_pause_takes_nothing_back() -> None:
    wait = EndWait(POLICY)
    wait.went_on(1800)
    before = wait.wait_ms(UNSURE)
    wait.turn_over()
    assert wait.wait_ms(UNSURE) == before


def test_a_voice_whose_ends_sound_less_final_is_learned() -> None:
    wait, middling = EndWait(POLICY), 0.8
    assert wait.wait_ms(COMPLETE, middling) == 950
    for _ in range(6):
        wait.wait_ms(COMPLETE, 0.7)
        wait.turn_over()
    assert wait.wait_ms(COMPLETE, middling) == 550


def test_what_was_cut_off_is_not_learned_as_an_end() -> None:
    wait, middling = EndWait(POLICY), 0.8
    for _ in range(6):
        wait.wait_ms(COMPLETE, 0.7)
        wait.turn_over()
        wait.was_cut_off(1000)
    wait.wait_ms(COMPLETE, middling)
    assert wait.wait_ms(COMPLETE, middling) >= 950


def test_answers_of_a_word_are_not_learned_from() -> None:
    wait, middling = EndWait(POLICY), 0.8
    for _ in range(6):
        wait.wait_ms(ANSWER, 0.05)
        wait.turn_over()
    assert wait.wait_ms(COMPLETE, middling) == 950


def test_a_pause_within_a_turn_is_not_learned_as_an_end() -> None:
    wait, middling = EndWait(POLICY), 0.8
    for _ in range(6):
        wait.wait_ms(COMPLETE, 0.6)
        wait.went_on(200)
        wait.turn_over()
    assert wait.wait_ms(COMPLETE, middling) == 950


steps = st.one_of(
    st.tuples(st.just("went_on"), st.integers(0, 100_000)),
    st.tuples(st.just("was_cut_off"), st.integers(0, 100_000)),
    st.tuples(st.just("turn_over"), st.none()),
    st.tuples(st.just("wait"), st.floats(0, 1)),
)


@given(st.lists(steps, max_size=30), st.sampled_from(Completeness), st.none() | st.floats(0, 1))
def test_whatever_happens_the_wait_stays_within_its_bounds(
    history: list[tuple[str, float | int | None]], judgement: Completeness, finality: float | None
) -> None:
    wait = EndWait(POLICY)
    for step, value in history:
        match step:
            case "went_on":
                wait.went_on(int(value or 0))
            case "was_cut_off":
                wait.was_cut_off(int(value or 0))
            case "turn_over":
                wait.turn_over()
            case _:
                wait.wait_ms(COMPLETE, value)
    assert 500 <= wait.wait_ms(judgement, finality) <= POLICY.longest_wait_ms


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(Completeness))
def test_the_more_final_the_shorter(one: float, other: float, judgement: Completeness) -> None:
    low, high = sorted((one, other))
    assert EndWait(POLICY).wait_ms(judgement, low) >= EndWait(POLICY).wait_ms(judgement, high)
