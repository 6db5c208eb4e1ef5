"""What came of one thing that a caller said: answered, how fast, or not at all. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from agent.domain.agent import Agent
from agent.ops.percentiles import Summary, summarise
from agent.rehearsal.performance import Span
from agent.rehearsal.turn_results import TurnResult


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
    sounds: Sequence[Span],
    agent: Agent,
    *,
    caller: str,
    said: str,
    recorded: bool,
    standing: int,
) -> Observation:
    """What came of a turn that was said; `sounds` is all that the caller heard of the agent, in seconds."""
    answer = result.agent_text or ""
    filler_ms, latency_ms = None, result.latency_ms
    if result.cut_in_ms is not None:
        outcome, latency_ms = Outcome.OVERLAPPED, None
    elif latency_ms is None or answer.startswith(agent.phrases.still_there):
        outcome, latency_ms = Outcome.UNANSWERED, None
    else:
        outcome = Outcome.ANSWERED
        filler = next((text for text in fillers(agent) if answer.startswith(text)), None)
        if filler is not None and result.caller_span is not None and result.agent_span is not None:
            filler_ms = latency_ms
            own = _own_words(result.agent_span, sounds, len(filler) / len(answer))
            latency_ms = round(1000 * (own - result.caller_span.end), 1)
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
        stages_ms=result.stages_ms,
    )


def fillers(agent: Agent) -> list[str]:
    """What the agent says to fill a long wait: its phrases `one_moment` and `filler…`, whichever there are."""
    texts: list[str] = []
    for name, value in agent.phrases.model_dump().items():
        if name == "one_moment" or name.startswith("filler"):
            texts += [value] if isinstance(value, str) else list(value)
    return texts


def latencies(observations: Iterable[Observation]) -> Summary:
    """Voice to voice of those that were answered, milliseconds."""
    return summarise(one.latency_ms for one in observations if one.latency_ms is not None)


def _own_words(span: Span, sounds: Sequence[Span], filler_share: float) -> float:
    """When the answer went on after its filler: the second sound of it.

    Where both were heard without a gap, the filler took its share of the text's length.
    """
    inside = [one for one in sounds if span.start <= one.start < span.end]
    return inside[1].start if len(inside) > 1 else span.start + filler_share * (span.end - span.start)
