from __future__ import annotations

from typing import Any

from agent.bench.conversation.observation import Observation, Outcome, fillers, latencies, observed
from agent.domain.agent import Agent
from agent.rehearsal.performance import Span
from agent.rehearsal.turn_results import TurnResult

AGENT = Agent(name="reception", greeting="Hello.", instructions="Be brief.")
FILLER = AGENT.phrases.one_moment


def _observed(sounds: tuple[Span, ...] = (), **result: Any) -> Observation:
    turn = TurnResult(turn=1, caller_span=Span(4.0, 6.0), **result)
    return observed(turn, sounds, AGENT, caller="call-1", said="Where are you?", recorded=True, standing=2)


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


def test_a_filler_does_not_make_an_answer_quick() -> None:
    sounds = (Span(6.5, 7.5), Span(9.0, 10.0))
    one = _observed(sounds, agent_text=f"{FILLER} Here.", agent_span=Span(6.5, 10.0), latency_ms=500.0)
    assert (one.outcome, one.filler_ms, one.latency_ms) == (Outcome.ANSWERED, 500.0, 3000.0)


def test_a_filler_without_a_gap_counts_by_its_share_of_the_text() -> None:
    text = f"{FILLER} {'a' * (len(FILLER) - 1)}"
    one = _observed((Span(6.5, 8.5),), agent_text=text, agent_span=Span(6.5, 8.5), latency_ms=500.0)
    assert one.latency_ms == 1500.0


def test_the_phrases_that_fill_are_told_from_others() -> None:
    assert FILLER in fillers(AGENT)
    assert AGENT.phrases.still_there not in fillers(AGENT)


def test_only_answered_turns_have_a_latency_to_sum_up() -> None:
    answered = _observed((Span(6.8, 8.0),), agent_text="Here.", agent_span=Span(6.8, 8.0), latency_ms=800.0)
    assert latencies([answered, _observed()]).count == 1
