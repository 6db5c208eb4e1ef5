from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.rehearsal.judge import Judgement, judge
from agent.rehearsal.performance import Performance, Span
from agent.rehearsal.scenario import Scenario
from tests.unit.rehearsal.performances import ordinary_call, performance


def _judge(expectation: dict[str, Any], call: Performance | None = None) -> Judgement:
    scenario = Scenario.model_validate(
        {
            "name": "a",
            "caller": [{"say": "What are your opening hours?"}, {"interrupt": {"say": "Where can I park?"}}],
            "expect": [expectation],
        }
    )
    return judge(scenario, call or ordinary_call())


@pytest.mark.parametrize(
    ("expectation", "passed", "reason"),
    [
        ({"turn": 1, "agent_says_any": ["ten", "nine"]}, True, "“We open at 9."),
        ({"turn": 1, "agent_says_any": ["ten"]}, False, "Expected “ten”; the agent said “We open at 9."),
        ({"turn": 1, "agent_says_none": ["ten"]}, True, ""),
        ({"turn": 1, "agent_says_none": ["nine"]}, False, "and with it “nine”"),
        ({"turn": 1, "within_ms": 1200}, True, "after 1200 ms"),
        ({"turn": 1, "within_ms": 1199}, False, "Expected within 1199 ms; the answer began after 1200 ms."),
        ({"turn": 0, "within_ms": 600}, True, "after 500 ms"),
        ({"turn": 2, "caller_heard_as": "where can I park", "max_wer": 0.25}, True, "rate 0.25"),
        ({"turn": 2, "caller_heard_as": "where can I park", "max_wer": 0.2}, False, "“Where can I bark?”"),
        ({"turn": 2, "agent_heard_as": "behind the house"}, False, "nothing was"),
        ({"turn": 1, "interrupted": True}, True, ""),
        ({"turn": 1, "interrupted": False}, False, "Expected no interruption; the agent was cut short."),
        ({"turn": 2, "interrupted": True}, False, "Expected an interruption; the agent spoke to its end."),
        ({"turn": 1, "interrupted": True, "stop_within_ms": 300}, True, "300 ms more"),
        ({"turn": 1, "stop_within_ms": 299}, False, "Expected a stop within 299 ms"),
        ({"turn": 2, "stop_within_ms": 299}, False, "nobody spoke over the agent"),
        ({"call": {"status": "completed"}}, True, ""),
        ({"call": {"ended_reason": "agent_hangup"}}, False, "Expected agent_hangup; it was caller_hangup."),
    ],
)
def test_each_expectation_is_decided_with_a_reason(expectation: dict[str, Any], passed: bool, reason: str) -> None:
    judgement = _judge(expectation)
    assert judgement.passed is passed
    assert reason in judgement.verdicts[-1].reason
    assert judgement.verdicts[-1].reason.endswith(".")


def test_our_own_ears_can_prove_that_the_last_word_arrived() -> None:
    call = replace(ordinary_call(), agent_heard={2: "Behind the"})
    assert _judge({"turn": 2, "agent_heard_as": "Behind the", "max_wer": 0}, call).passed
    assert not _judge({"turn": 2, "agent_heard_as": "Behind the house.", "max_wer": 0}, call).passed


def test_words_without_sound_were_not_said() -> None:
    call = replace(ordinary_call(), agent_speech=(Span(1.0, 3.0),))
    judgement = _judge({"turn": 1, "agent_says_any": ["nine"]}, call)
    assert not judgement.passed
    assert "no sound of it arrived" in judgement.verdicts[0].reason


def test_an_echo_says_nothing() -> None:
    """Sound without an agent behind it meets no expectation of words, of hearing or of how the call ended."""
    call = replace(ordinary_call(), events=())
    for expectation in (
        {"turn": 1, "agent_says_any": ["nine"]},
        {"turn": 1, "caller_heard_as": "What are your opening hours?"},
        {"turn": 1, "interrupted": True},
        {"turn": 1, "interrupted": False},
        {"call": {"status": "completed"}},
    ):
        assert not _judge(expectation, call).passed, expectation
    assert _judge({"turn": 1, "within_ms": 1200}, call).passed  # it is measured all the same


def test_what_could_not_be_played_fails_whatever_was_expected() -> None:
    judgement = _judge({"call": {"status": "completed"}}, replace(ordinary_call(), troubles=("Step 1: nobody spoke.",)))
    assert not judgement.passed
    assert judgement.verdicts[0].reason == "Step 1: nobody spoke."


def test_nothing_expected_is_met_by_nothing() -> None:
    assert judge(Scenario.model_validate({"name": "a", "caller": [{"hang_up": {}}]}), performance()).passed
