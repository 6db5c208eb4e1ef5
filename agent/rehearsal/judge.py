"""Holds what happened against what was expected: pure, every verdict with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.rehearsal.conduct import conduct, conduct_of_other
from agent.rehearsal.expectation import Expectation
from agent.rehearsal.performance import Performance, Span
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.turn_results import TurnResult, broken_speech, turn_results
from agent.rehearsal.words import first_of, word_errors


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one expectation was met."""

    what: str
    """Such as `turn 1, within_ms`."""
    passed: bool
    reason: str
    """One sentence: what was found."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that is to be said about one scenario."""

    turns: tuple[TurnResult, ...]
    verdicts: tuple[Verdict, ...]
    invented: tuple[str, ...]
    """What the agent understood while the caller said nothing."""
    holes: tuple[Span, ...] = ()
    """Breaks inside the agent's turns."""

    @property
    def passed(self) -> bool:
        """Whether every expectation was met and the scenario could be played as written."""
        return all(verdict.passed for verdict in self.verdicts)


def judge(scenario: Scenario, performance: Performance) -> Judgement:
    """Measure the turns and decide each expectation; what could not be played counts as one that was not met."""
    turns, invented = turn_results(performance, scenario.turns)
    if any(step.connect for step in scenario.steps):
        invented = []  # it was the other agent that spoke
    verdicts = [Verdict("the call", passed=False, reason=trouble) for trouble in performance.troubles]
    for expectation in scenario.expect:
        if expectation.call is not None:
            found = conduct(performance, invented).held_to(expectation.call)
            verdicts += [Verdict(f"call, {what}", passed, reason) for what, passed, reason in found]
        elif expectation.other is not None:
            found = conduct_of_other(performance).held_to(expectation.other)
            verdicts += [Verdict(f"other, {what}", passed, reason) for what, passed, reason in found]
        elif expectation.turn is not None:
            verdicts += _of_turn(expectation, turns[expectation.turn])
    return Judgement(tuple(turns), tuple(verdicts), tuple(invented), tuple(broken_speech(performance)))


def _of_turn(expected: Expectation, turn: TurnResult) -> Iterator[Verdict]:
    def verdict(key: str, passed: bool, reason: str) -> Verdict:
        return Verdict(f"turn {turn.turn}, {key}", passed=passed, reason=reason)

    text = turn.agent_text or ""
    silent = "the agent said nothing" if turn.agent_span is None else "the agent told no words, though sound was heard"
    answer = f"the agent said “{text}”" if text else silent
    if expected.agent_says_any is not None:
        found = first_of(text, expected.agent_says_any)
        audible = turn.agent_span is not None
        wanted = " or ".join(f"“{phrase}”" for phrase in expected.agent_says_any)
        lost = "" if audible or not text else ", but no sound of it arrived"
        yield verdict("agent_says_any", found is not None and audible, f"Expected {wanted}; {answer}{lost}.")
    if expected.agent_says_none is not None:
        found = first_of(text, expected.agent_says_none)
        unwanted = "" if found is None else f", and with it “{found}”"
        yield verdict("agent_says_none", found is None, f"{answer[0].upper()}{answer[1:]}{unwanted}.")
    if expected.within_ms is not None:
        passed = turn.latency_ms is not None and turn.latency_ms <= expected.within_ms
        yield verdict("within_ms", passed, f"Expected within {expected.within_ms} ms; {_pace(turn)}.")
    if expected.caller_heard_as is not None:
        yield _words(verdict, "caller_heard_as", expected.caller_heard_as, turn.heard_as, expected.max_wer)
    if expected.agent_heard_as is not None:
        yield _words(verdict, "agent_heard_as", expected.agent_heard_as, turn.agent_heard_as or "", expected.max_wer)
    if expected.interrupted is not None:
        told = {None: answer, True: "the agent was cut short", False: "the agent spoke to its end"}[turn.interrupted]
        wanted = "an interruption" if expected.interrupted else "no interruption"
        yield verdict("interrupted", turn.interrupted is expected.interrupted, f"Expected {wanted}; {told}.")
    if expected.stop_within_ms is not None:
        after = turn.stopped_after_ms
        passed = after is not None and after <= expected.stop_within_ms
        told = "nobody spoke over the agent" if after is None else f"the agent was heard for {after:.0f} ms more"
        yield verdict("stop_within_ms", passed, f"Expected a stop within {expected.stop_within_ms} ms; {told}.")


def _pace(turn: TurnResult) -> str:
    if turn.latency_ms is not None:
        return f"the answer began after {turn.latency_ms:.0f} ms"
    if turn.cut_in_ms is not None:
        return f"the agent began {turn.cut_in_ms:.0f} ms before the caller had finished"
    return "no answer was heard"


def _words(verdict: Any, key: str, expected: str, found: str, max_wer: float) -> Verdict:
    rate = word_errors(expected, found).rate
    said = f"“{found}” was understood, word error rate {rate:.2f}, at most {max_wer:g}" if found else "nothing was"
    result: Verdict = verdict(key, rate <= max_wer, f"Expected “{expected}”; {said}.")
    return result
