from __future__ import annotations

import pytest

from agent.bench.conversation.aside import NOT_SPEAKING, NOTHING_LEFT, Aside, compared, judged
from agent.bench.conversation.backchannels import conditions, measures
from agent.bench.conversation.sound_match import Join
from agent.rehearsal.alignment import Told
from agent.testing.measure import Span
from tests.unit.bench.conversation.tales import RATE, agent_turn, caller_turn, said, sounds

ONE = Aside("call-1", "cough", "cough", greeting=True)


def result(*told: Told, agent: tuple[tuple[float, float], ...]) -> Aside:
    return judged(ONE, said(5.0, 5.5, "", "backchannel"), sounds(*agent), told, until_s=12.0)


def test_an_agent_that_never_stops_goes_on() -> None:
    one = result(agent_turn(3, 12), agent=((3.0, 12.0),))
    assert one.gone_on
    assert one.back_after_ms == 0


def test_an_agent_that_pauses_and_resumes_goes_on() -> None:
    one = result(agent_turn(3, 12), agent=((3.0, 5.1), (6.2, 12.0)))
    assert one.gone_on
    assert one.silent_after_ms == pytest.approx(100)
    assert one.back_after_ms == pytest.approx(700)


def test_a_cough_in_a_pause_inside_a_sentence_counts() -> None:
    one = result(agent_turn(3, 12), agent=((3.0, 4.8), (6.2, 12.0)))
    assert one.gone_on
    assert one.silent_after_ms == 0


def test_an_agent_that_pauses_by_itself_long_after_the_sound_never_stopped() -> None:
    one = result(agent_turn(3, 12), agent=((3.0, 7.4), (7.8, 12.0)))
    assert one.gone_on
    assert one.back_after_ms == 0


def test_an_agent_that_stops_after_the_sound_and_stays_silent_does_not() -> None:
    assert not result(agent_turn(3, 7.4, interrupted=True), agent=((3.0, 7.4),)).gone_on


def test_an_agent_that_resumes_too_late_does_not() -> None:
    one = result(agent_turn(3, 12), agent=((3.0, 5.1), (7.6, 12.0)))
    assert one.judged
    assert not one.gone_on


def test_an_agent_that_answers_the_cough_does_not() -> None:
    told = (agent_turn(3, 5.1, interrupted=True), caller_turn(5, 5.5, "I see"), agent_turn(6.2, 8))
    assert not result(*told, agent=((3.0, 5.1), (6.22, 8.0))).gone_on


def test_an_agent_that_goes_on_and_then_answers_the_cough_does_not() -> None:
    told = (agent_turn(3, 6.6, interrupted=True), caller_turn(5, 5.5, "Oh"), agent_turn(7.5, 9))
    one = result(*told, agent=((3.0, 5.1), (6.2, 6.6), (7.5, 9.0)))
    assert one.same_turn
    assert not one.gone_on


def test_an_agent_that_was_cut_by_the_next_sound_went_on_after_this_one() -> None:
    assert result(agent_turn(3, 12.1, interrupted=True), agent=((3.0, 5.1), (6.2, 12.1))).gone_on


def test_an_agent_that_stays_silent_does_not() -> None:
    one = result(agent_turn(3, 5.1, interrupted=True), agent=((3.0, 5.1),))
    assert one.judged
    assert not one.gone_on


def test_a_turn_that_ends_by_itself_under_the_sound_says_nothing() -> None:
    assert result(agent_turn(3, 5.2), agent=((3.0, 5.2),)).unjudged == NOTHING_LEFT


def test_a_cough_in_silence_says_nothing() -> None:
    assert result(agent_turn(3, 4), agent=((3.0, 4.0),)).unjudged == NOT_SPEAKING


def joined(at_s: float, lost_ms: float, repeated_ms: float) -> Join:
    return Join(Span(round(at_s * RATE), round((at_s + 1) * RATE)), lost_ms, repeated_ms)


def test_what_was_lost_near_the_sound_counts() -> None:
    one = compared(
        result(agent_turn(3, 12), agent=((3.0, 5.1), (6.2, 12.0))), [joined(5.1, 120, 0), joined(20, 0, 500)]
    )
    assert (one.lost_ms, one.repeated_ms, one.exact) == (120, 0, False)


def test_a_few_milliseconds_are_no_syllable_and_a_late_packet_is_no_pause() -> None:
    late = Join(Span(5 * RATE, 5 * RATE + 400), 100, 0)
    one = compared(result(agent_turn(3, 12), agent=((3.0, 5.1), (6.2, 12.0))), [late, joined(5.1, 15, 10)])
    assert one.exact


def test_the_figures_count_what_can_be_judged() -> None:
    good = Aside(
        "a", "mm-hm", "hibari", greeting=True, back_after_ms=0, same_turn=True, lost_ms=0, repeated_ms=90, exact=False
    )
    bad = Aside("b", "cough", "cough", greeting=False)
    never = Aside("c", "cough", "cough", greeting=False, unjudged=NOT_SPEAKING)
    values = {one.name.removeprefix("conversation."): one for one in measures([good, bad, never])}
    assert (values["backchannels_gone_on"].value, values["backchannels_gone_on"].count) == (50, 2)
    assert (values["backchannels_exact"].value, values["backchannels_exact"].count) == (0, 1)
    assert values["backchannel_syllables_max"].value == 90
    assert conditions([good, bad, never])["backchannels"]["gone_on_by_origin"] == {"cough": "0/1", "hibari": "1/1"}
