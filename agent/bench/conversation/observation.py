"""What came of one thing that a caller said: answered, how fast, or not at all. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from agent.domain.agent import Agent
from agent.ops.percentiles import Summary, summarise
from agent.rehearsal.performance import Performance, Span
from agent.rehearsal.turn_results import TurnResult

FILLER_SAID = "agent.filler_said"
FILLERS = ("let_me_see", "one_moment")
"""Of `agent.domain.agent.Phrases`."""


class Outcome(StrEnum):
    """What became of a turn."""

    ANSWERED = "answered"
    OVERLAPPED = "overlapped"
    """The agent began before the caller's last sound: no latency can be told."""
    UNANSWERED = "unanswered"
    """Nothing came, or the agent asked whether anybody is there."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One turn of a caller's."""

    caller: str
    """Number of the call, as its recording has it."""
    turn: int
    outcome: Outcome
    said: str
    recorded: bool
    """By a person; else by the test voice."""
    heard_as: str
    answer: str
    standing: int
    """Calls that stood when the caller had spoken."""
    latency_ms: float | None = None
    """End of the caller's sound to the first sound of the answer's own words: what a filler phrase says is none."""
    filler_ms: float | None = None
    """To the first sound of a filler phrase, where the answer began with one."""
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    """The agent's own account, counted from the caller's last sound."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def observed(
    result: TurnResult,
    performance: Performance,
    agent: Agent,
    *,
    caller: str,
    said: str,
    recorded: bool,
    standing: int,
) -> Observation:
    """What came of a turn that was said."""
    answer = result.agent_text or ""
    latency_ms, filler_ms, stages_ms = result.latency_ms, None, dict(result.stages_ms)
    filler = next((text for text in fillers(agent) if answer.startswith(text)), "")
    if latency_ms is not None and (filler or _told_filler(result, performance)):
        filler_ms = latency_ms
        latency_ms = _own_words_ms(result, performance.agent_speech, len(filler) / max(1, len(answer)))
        stages_ms.pop("first_sound_played", None)  # that was the filler's
    if result.cut_in_ms is not None:
        outcome = Outcome.OVERLAPPED
    elif latency_ms is None or answer.startswith(agent.phrases.still_there):
        outcome, latency_ms = Outcome.UNANSWERED, None
    else:
        outcome = Outcome.ANSWERED
    return Observation(
        caller=caller,
        turn=result.turn,
        outcome=outcome,
        said=said,
        recorded=recorded,
        heard_as=result.heard_as,
        answer=answer,
        standing=standing,
        latency_ms=latency_ms,
        filler_ms=filler_ms,
        stages_ms=stages_ms,
    )


def latencies(observations: Iterable[Observation]) -> Summary:
    """Voice to voice of those that were answered, milliseconds."""
    return summarise(one.latency_ms for one in observations if one.latency_ms is not None)


def fillers(agent: Agent) -> list[str]:
    """What the agent says in long waits."""
    phrases = agent.phrases.model_dump()
    return [phrases[name] for name in FILLERS if name in phrases]


def _told_filler(result: TurnResult, performance: Performance) -> bool:
    """Whether the agent told of a filler between the caller's last sound and its own."""
    if result.caller_span is None or result.agent_span is None:
        return False
    told = [
        (datetime.fromisoformat(event["at"]) - performance.zero).total_seconds()
        for event in performance.events
        if event["type"] == FILLER_SAID
    ]
    return any(result.caller_span.end <= at <= result.agent_span.end for at in told)


def _own_words_ms(result: TurnResult, sounds: Sequence[Span], share: float) -> float | None:
    """The caller's last sound to the first of the answer after its filler; None: nothing but the filler was said.

    That is the answer's next sound after the filler's. Where the two were heard without a gap, the filler took its
    `share` of the text, and the answer began no sooner than its sound was ready by the agent's account.
    """
    ready_ms = result.stages_ms.get("first_sound_queued")
    span, caller = result.agent_span, result.caller_span
    if ready_ms is None or span is None or caller is None:
        return None
    later = [one.start for one in sounds if span.start < one.start < span.end]
    own = later[0] if later else max(span.start + share * (span.end - span.start), caller.end + ready_ms / 1000)
    return round(1000 * (own - caller.end), 1)
