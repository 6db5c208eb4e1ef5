from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.bench.conversation.observation import Observation, Outcome, fillers, latencies, observed
from agent.domain.agent import Agent
from agent.rehearsal.performance import Performance, Span
from agent.rehearsal.turn_results import TurnResult

AGENT = Agent(name="reception", greeting="Hello.", instructions="Be brief.")
ZERO = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FILLER = AGENT.phrases.one_moment


def _observed(sounds: tuple[Span, ...] = (), *, events: tuple[dict[str, Any], ...] = (), **result: Any) -> Observation:
    turn = TurnResult(turn=1, caller_span=Span(4.0, 6.0), **result)
    call = Performance(zero=ZERO, answered=0.5, ended=60.0, agent_speech=sounds, events=events)
    return observed(turn, call, AGENT, caller="call-1", said="Where are you?", recorded=True, standing=2)


def test_an_answer_has_its_latency() -> None:
    one = _observed((Span(6.8, 8.0),), agent_text="Here.", agent_span=Span(6.8, 8.0), latency_ms=800.0)
    assert (one.outcome, one.latency_ms, one.filler_ms) == (Outcome.ANSWERED, 800.0, None)


def test_no_sound_is_no_answer() -> None:
    assert _observed().outcome is Outcome.UNANSWERED


def test_the_question_whether_anybody_is_there_is_no_answer() -> None:
    one = _observed(agent_text=AGENT.phrases.still_there, agent_span=Span(14.0, 15.0), latency_ms=8000.0)
    assert (one.outcome, one.latency_ms) == (Outcome.UNANSWERED, None)


def test_an_agent_that_cuts_in_has_no_latency() -> None:
    one = _observed(agent_text="Here.", agent_span=Span(5.0, 8.0), cut_in_ms=1000.0)
    assert (one.outcome, one.latency_ms) == (Outcome.OVERLAPPED, None)


@pytest.mark.parametrize("phrase", fillers(AGENT))
def test_a_filler_does_not_make_an_answer_quick(phrase: str) -> None:
    one = _observed(
        (Span(6.5, 7.5), Span(9.0, 10.0)),
        agent_text=f"{phrase} Here.",
        agent_span=Span(6.5, 10.0),
        latency_ms=500.0,
        stages_ms={"first_sound_played": 480.0, "first_sound_queued": 2900.0},
    )
    assert (one.outcome, one.filler_ms, one.latency_ms) == (Outcome.ANSWERED, 500.0, 3000.0)
    assert "first_sound_played" not in one.stages_ms, "that was the filler's"


def test_a_filler_of_other_words_is_known_by_the_agent_s_account() -> None:
    event = {"type": "agent.filler_said", "at": (ZERO + timedelta(seconds=6.45)).isoformat()}
    one = _observed(
        (Span(6.5, 7.5), Span(9.0, 10.0)),
        events=(event,),
        agent_text="Hm. Here.",
        agent_span=Span(6.5, 10.0),
        latency_ms=500.0,
        stages_ms={"first_sound_queued": 2900.0},
    )
    assert one.latency_ms == 3000.0


@pytest.mark.parametrize(("ready_ms", "own_ms"), [(600.0, 1500.0), (1800.0, 1800.0)])
def test_words_that_follow_a_filler_without_a_gap_begin_when_it_is_over_and_they_are_ready(
    ready_ms: float, own_ms: float
) -> None:
    text = f"{FILLER} {'a' * (len(FILLER) - 1)}"
    one = _observed(
        (Span(6.5, 8.5),),
        agent_text=text,
        agent_span=Span(6.5, 8.5),
        latency_ms=500.0,
        stages_ms={"first_sound_queued": ready_ms},
    )
    assert one.latency_ms == own_ms


def test_a_filler_alone_is_no_answer() -> None:
    one = _observed((Span(6.5, 7.5),), agent_text=FILLER, agent_span=Span(6.5, 7.5), latency_ms=500.0)
    assert (one.outcome, one.latency_ms, one.filler_ms) == (Outcome.UNANSWERED, None, 500.0)


def test_the_phrases_that_fill_are_told_from_others() -> None:
    assert FILLER in fillers(AGENT)
    assert AGENT.phrases.still_there not in fillers(AGENT)


def test_only_answered_turns_have_a_latency_to_sum_up() -> None:
    answered = _observed((Span(6.8, 8.0),), agent_text="Here.", agent_span=Span(6.8, 8.0), latency_ms=800.0)
    assert latencies([answered, _observed()]).count == 1
