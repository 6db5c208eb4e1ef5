from __future__ import annotations

from dataclasses import replace

import pytest

from agent.rehearsal.alignment import told_turns
from agent.rehearsal.performance import Span
from agent.rehearsal.turn_results import broken_speech, turn_results
from tests.unit.rehearsal.performances import caller, ordinary_call, performance, told


def test_the_agents_account_is_brought_onto_the_recordings_clock() -> None:
    first, *_ = told_turns(ordinary_call())
    assert first.span.start == pytest.approx(0.9)
    assert first.stages == {"transcribed": pytest.approx(0.7)}


def test_an_event_that_was_told_late_does_not_move_the_clock() -> None:
    call = ordinary_call()
    late = {**call.events[1], "at": call.events[3]["at"]}
    assert told_turns(replace(call, events=(call.events[0], late, *call.events[2:])))[0].span.start == pytest.approx(
        0.9
    )


def test_without_a_turn_of_the_agents_the_answer_is_the_clock() -> None:
    (only,) = told_turns(performance(events=(ordinary_call().events[0], told("caller", 4, 5, "Hello"))))
    assert only.span.start == pytest.approx(3.9)  # off by the lag between answer and conversation


def test_each_turn_is_measured_on_the_audio() -> None:
    (greeting, first, second), invented = turn_results(ordinary_call(), 2)
    assert invented == []
    assert greeting.latency_ms == pytest.approx(500)
    assert greeting.agent_text == "Hello."
    assert greeting.caller_span is None
    assert first.latency_ms == pytest.approx(1200)
    assert first.agent_text == "We open at 9. On Saturday"
    assert first.agent_span == Span(7.2, 9.3)
    assert first.interrupted is True
    assert first.stopped_after_ms == pytest.approx(300)
    assert first.heard_as == "What are your opening hours?"
    assert first.stages_ms == {"transcribed": pytest.approx(900)}
    assert second.latency_ms == pytest.approx(1000)
    assert second.interrupted is False
    assert second.stopped_after_ms is None
    assert second.caller[0].errors is not None
    assert second.caller[0].errors.rate == 0.25


def test_the_lines_say_who_said_what_when() -> None:
    results, _ = turn_results(ordinary_call(), 2)
    lines = [line for turn in results for line in turn.to_lines()]
    assert [(line["turn"], line["who"]) for line in lines] == [
        (0, "agent"),
        (1, "caller"),
        (1, "agent"),
        (2, "caller"),
        (2, "agent"),
    ]
    assert lines[2]["voice_to_voice_ms"] == 1200.0
    assert lines[3]["heard_as"] == "Where can I bark?"
    assert (lines[4]["start_s"], lines[4]["end_s"]) == (11.0, 13.0)


def test_an_agent_that_talks_on_is_charged_to_its_last_sound() -> None:
    call = replace(ordinary_call(), agent_speech=(Span(1.0, 3.0), Span(7.2, 14.0)))
    _, first, second = turn_results(call, 2)[0]
    assert first.stopped_after_ms == pytest.approx(5000)
    assert second.agent_span is None
    assert second.latency_ms is None


def test_a_sentence_that_begins_just_before_the_stop_belongs_to_the_interrupted_answer() -> None:
    call = replace(ordinary_call(), agent_speech=(Span(7.2, 8.7), Span(9.1, 9.35), Span(11.0, 13.0)))
    _, first, second = turn_results(call, 2)[0]
    assert first.stopped_after_ms == pytest.approx(350)
    assert second.latency_ms == pytest.approx(1000)


def test_an_agent_already_silent_when_interrupted_stopped_at_once() -> None:
    call = replace(ordinary_call(), agent_speech=(Span(7.2, 8.7), Span(11.0, 13.0)))
    assert turn_results(call, 2)[0][1].stopped_after_ms == 0


def test_an_agent_that_answers_too_early_cut_in() -> None:
    call = performance(said=(caller(1, 4.0, 6.0),), agent_speech=(Span(5.5, 7.0),))
    _, first = turn_results(call, 1)[0]
    assert first.latency_ms is None
    assert first.cut_in_ms == pytest.approx(500)


def test_a_late_sentence_of_an_earlier_answer_is_no_answer() -> None:
    """The caller took a slow pause for the end: without the agent's account this would be cutting in."""
    call = performance(
        said=(caller(1, 4.0, 6.0), caller(2, 9.0, 10.0)),
        agent_speech=(Span(7.0, 8.0), Span(9.2, 9.9), Span(11.0, 12.0)),
        events=(told("agent", 7.0, 9.8, "One. Two."), told("agent", 11.0, 12.0, "Three.")),
    )
    _, first, second = turn_results(call, 2)[0]
    assert first.agent_span == Span(7.0, 9.9)
    assert first.stopped_after_ms is None
    assert second.latency_ms == pytest.approx(1000)


def test_backchannels_are_no_turns_and_do_not_count_as_errors() -> None:
    call = performance(
        said=(caller(1, 4.0, 5.0, "Hello"), caller(1, 7.0, 7.4, "mm-hm", "backchannel")),
        agent_speech=(Span(6.0, 9.0),),
        events=(told("caller", 4.0, 5.0, "Hello"), told("caller", 7.0, 7.4, "Hmm")),
    )
    _, first = turn_results(call, 1)[0]
    assert first.caller_span == Span(4.0, 5.0)
    assert first.heard_as == "Hello"
    assert [line.heard_as for line in first.caller] == ["Hello", "Hmm"]
    assert first.caller[1].errors is None
    assert first.stopped_after_ms is None


def test_a_turn_in_two_parts_ends_with_the_second() -> None:
    call = performance(
        said=(caller(1, 4.0, 5.0, "My number is"), caller(1, 5.6, 6.5, "one two three")),
        agent_speech=(Span(7.5, 8.0),),
        events=(told("caller", 4.0, 6.5, "My number is one two three"),),
    )
    _, first = turn_results(call, 1)[0]
    assert first.latency_ms == pytest.approx(1000)
    assert first.heard_as == "My number is one two three"


def test_words_heard_in_silence_are_invented() -> None:
    call = performance(said=(caller(1, 4.0, 5.0),), events=(told("caller", 20.0, 21.0, "Thanks for watching."),))
    assert turn_results(call, 1)[1] == ["Thanks for watching."]


def test_a_call_in_which_nothing_happened_has_empty_turns() -> None:
    results, invented = turn_results(performance(answered=None, events=()), 2)
    assert invented == []
    assert [(turn.latency_ms, turn.agent_text, turn.to_lines()) for turn in results] == [(None, None, [])] * 3


def test_speech_is_broken_only_inside_a_turn() -> None:
    inside, between = Span(7.9, 8.1), Span(9.3, 11.0)
    assert broken_speech(replace(ordinary_call(), holes=(inside, between))) == [inside]
    assert broken_speech(performance(holes=(inside,))) == []
