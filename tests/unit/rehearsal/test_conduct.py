from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.rehearsal.conduct import conduct, talk_over_ms
from agent.rehearsal.judge import judge
from agent.rehearsal.performance import Performance, Span
from agent.rehearsal.scenario import Scenario
from tests.unit.rehearsal.performances import caller, ordinary_call, told


def _call(seconds: float | None = 20.0, reason: str = "max_duration") -> dict[str, Any]:
    return {
        "type": "call.changed",
        "call": {
            "status": "completed",
            "ended_reason": reason,
            "answered_at": "2026-11-22T09:00:00+00:00",
            "ended_at": None if seconds is None else f"2026-11-22T09:00:{seconds:09.6f}+00:00",
        },
    }


def _bad_call() -> Performance:
    """The agent speaks four times, once into the caller's words, and answers words that nobody said."""
    return replace(
        ordinary_call(),
        said=(caller(1, 4.0, 6.0), caller(2, 9.0, 10.0, "mm-hm", "backchannel")),
        agent_speech=(Span(1.0, 3.0), Span(5.2, 7.4), Span(8.8, 11.0)),
        events=(
            told("agent", 0.9, 2.9, "Hello."),
            told("caller", 14.0, 15.0, "Thank you for watching."),
            told("agent", 16.0, 17.0, "You are welcome."),
            told("agent", 17.0, 17.0, " "),
            told("agent", 18.0, 19.0, "Goodbye."),
            _call(),
        ),
        other_events=(told("agent", 0.9, 2.9, "Hi."), _call(7.0, "caller_hangup")),
    )


@pytest.mark.parametrize(
    ("expected", "passed", "reason"),
    [
        ({"call": {"max_agent_turns": 3}}, True, "the agent spoke 3 times."),
        ({"call": {"max_agent_turns": 2}}, False, "Expected at most 2; the agent spoke 3 times."),
        ({"call": {"max_invented": 1}}, True, ""),
        ({"call": {"max_invented": 0}}, False, "it understood “Thank you for watching.”."),
        ({"call": {"max_talk_over_ms": 800}}, True, ""),
        ({"call": {"max_talk_over_ms": 799}}, False, "over the caller for 800 ms."),
        ({"call": {"max_seconds": 20}}, True, "it lasted 20.0 s"),
        ({"call": {"max_seconds": 19.9}}, False, "Expected at most 19.9 s; it lasted 20.0 s."),
        ({"other": {"max_agent_turns": 1, "max_seconds": 7, "ended_reason": "caller_hangup"}}, True, ""),
        ({"other": {"max_agent_turns": 0}}, False, "the agent spoke 1 times."),
        ({"other": {"ended_reason": "max_duration"}}, False, "Expected max_duration; it was caller_hangup."),
    ],
)
def test_each_expectation_of_a_call_is_decided_with_a_reason(
    expected: dict[str, Any], passed: bool, reason: str
) -> None:
    steps: list[dict[str, Any]] = [{"say": "What time is it?"}, {"backchannel": {"say": "mm-hm"}}]
    steps += [{"connect": {"to": "1"}}] if "other" in expected else []
    scenario = Scenario.model_validate({"name": "a", "caller": steps, "expect": [expected]})
    judgement = judge(scenario, _bad_call())
    assert judgement.passed is passed
    assert reason in judgement.verdicts[-1].reason
    assert judgement.verdicts[-1].what.partition(",")[0] in expected


def test_a_call_whose_end_was_not_told_has_no_length() -> None:
    unended = replace(_bad_call(), events=(_call(None),))
    scenario = Scenario.model_validate(
        {"name": "a", "caller": [{"say": "Hi"}], "expect": [{"call": {"max_seconds": 600}}]}
    )
    assert conduct(unended, ()).seconds is None
    assert not judge(scenario, unended).passed


def test_who_speaks_after_the_other_does_not_speak_over() -> None:
    assert talk_over_ms([Span(0, 1), Span(2, 3)], [caller(1, 1.0, 2.0)]) == 0
    assert talk_over_ms([Span(0, 4)], [caller(1, 1.0, 2.0), caller(2, 2.5, 3.0)]) == 1000


def test_what_another_agent_says_is_not_invented() -> None:
    steps = [{"connect": {"to": "1"}}]
    scenario = Scenario.model_validate({"name": "a", "caller": steps, "expect": [{"call": {"max_invented": 0}}]})
    assert judge(scenario, _bad_call()).passed
