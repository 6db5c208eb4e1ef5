from __future__ import annotations

from agent.bench.conversation.heard_words import Difference
from agent.bench.conversation.interruption import NOT_SPEAKING, NOT_SPOKEN, Interruption, measured_at
from agent.bench.conversation.interruptions import conditions, measures
from agent.bench.conversation.unheard import Account
from agent.rehearsal.alignment import Told
from tests.unit.bench.conversation.tales import agent_turn, caller_turn, said, sounds

ONE = Interruption("call-1", "Wait.", recorded=False, greeting=True)


def result(*told: Told, agent: tuple[tuple[float, float], ...]) -> Interruption:
    over = said(5.0, 6.0, "Wait, please.", "interrupt")
    return measured_at(ONE, over, [said(1.0, 2.0), over], sounds(*agent), told)


def test_an_agent_that_stops_and_listens_has_given_way() -> None:
    told = (agent_turn(3, 5.1, interrupted=True), caller_turn(5, 6, "Wait please"), agent_turn(7, 8))
    one = result(*told, agent=((3.0, 5.12), (7.0, 8.0)))
    assert one.judged
    assert one.stop_ms == 120
    assert one.cut
    assert one.heard_as == "Wait please"
    assert one.taken


def test_an_agent_that_talks_on_has_not() -> None:
    one = result(agent_turn(3, 9), agent=((3.0, 9.0),))
    assert one.stop_ms == 4000
    assert not one.taken


def test_an_agent_that_stops_and_goes_on_has_not() -> None:
    one = result(agent_turn(3, 9), caller_turn(5, 6), agent=((3.0, 5.1), (6.5, 9.0)))
    assert one.stop_ms == 100
    assert not one.taken


def test_an_agent_that_stops_and_did_not_listen_has_not() -> None:
    assert not result(agent_turn(3, 5.1, interrupted=True), agent=((3.0, 5.1),)).taken


def test_an_agent_that_stops_within_its_first_word_has_no_turn_to_tell_of() -> None:
    one = result(caller_turn(5, 6), agent_turn(7, 8), agent=((4.8, 5.1), (7.0, 8.0)))
    assert one.cut
    assert one.taken


def test_words_in_a_pause_inside_a_sentence_stop_the_agent_at_once() -> None:
    one = result(agent_turn(3, 5.05, interrupted=True), caller_turn(5, 6), agent=((3.0, 4.8), (7.0, 8.0)))
    assert one.stop_ms == 0
    assert one.taken


def test_words_at_a_silent_moment_are_no_interruption() -> None:
    one = result(agent_turn(3, 4), agent=((3.0, 4.0), (7.0, 8.0)))
    assert one.unjudged == NOT_SPEAKING


def account(unheard: int, missing: int, *, timed: bool) -> Account:
    way = Difference(unheard, missing)
    return Account("call-1", "a", "b", Difference(9, 9) if timed else way, way if timed else None)


def test_the_figures_count_what_can_be_judged() -> None:
    good = Interruption("a", "x", recorded=True, greeting=True, stop_ms=100, cut=True, heard_as="x")
    bad = Interruption("b", "x", recorded=False, greeting=False, stop_ms=3000)
    never = Interruption("c", "x", recorded=False, greeting=False, unjudged=NOT_SPOKEN)
    values = {
        one.name.removeprefix("conversation."): one
        for one in measures([good, bad, never], [account(0, 1, timed=True), account(2, 0, timed=False)])
    }
    assert (values["interruption_stop_p50"].value, values["interruption_stop_p50"].count) == (1550, 2)
    assert values["interruptions_taken"].value == 50
    assert values["words_unheard_max"].value == 2
    assert values["words_unheard_max"].met is False
    assert values["words_unheard_mean"].value == 1
    assert values["words_missing_mean"].value == 0.5
    assert conditions([good, bad, never], [account(0, 1, timed=True)])["interruptions"] == {
        "judged": 2,
        "into_model_answers": 1,
        "recorded_voices": 1,
        "not_judged": {NOT_SPOKEN: 1},
        "unheard_words_alike_by_time_and_by_transcript": "0/1",
    }


def test_without_interruptions_nothing_is_reached() -> None:
    assert all(one.met is not True for one in measures([], []))
