"""Brings the agent's own account of a call onto the recording's clock, and says which turn each sound belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.domain.turns import STAGES
from agent.rehearsal.performance import Performance, Said, Span

CLOCK_TOLERANCE_S = 0.5  # the agent's account of a sound may be off by its way through Asterisk and two buffers


@dataclass(frozen=True, slots=True)
class Told:
    """One turn as the agent told it, in seconds on the recording's clock."""

    speaker: str
    """`caller` or `agent`."""
    text: str
    span: Span
    interrupted: bool = False
    stages: Mapping[str, float] = field(default_factory=dict)
    """`agent.domain.turns.Timings` without what did not happen."""


def told_turns(performance: Performance) -> list[Told]:
    """The `turn.ended` events, in their order."""
    offset = _call_clock(performance)
    turns = [event["turn"] for event in performance.events if event["type"] == "turn.ended"]
    return [
        Told(
            speaker=str(turn["speaker"]),
            text=turn["text"],
            span=Span(turn["started_at"] + offset, turn["ended_at"] + offset),
            interrupted=turn["interrupted"],
            stages={name: at + offset for name in STAGES if (at := turn["timings"].get(name)) is not None},
        )
        for turn in turns
    ]


def _call_clock(performance: Performance) -> float:
    """Where the call's clock starts on the recording's, by the agent's wall clock, which is this machine's too.

    An agent's turn is told at the moment it ends, so the event's time is that of `ended_at`. The earliest
    difference is the truest: telling can be late, never early. Without such a turn the answer has to do.
    """
    starts = [
        _since(performance, event["at"]) - event["turn"]["ended_at"]
        for event in performance.events
        if event["type"] == "turn.ended" and event["turn"]["speaker"] == "agent"
    ]
    starts = starts or [
        _since(performance, event["call"]["answered_at"])
        for event in performance.events
        if event["type"] == "call.changed" and event["call"]["answered_at"] is not None
    ]
    return min(starts, default=performance.answered or 0.0)


def _since(performance: Performance, at: str) -> float:
    return (datetime.fromisoformat(at) - performance.zero).total_seconds()


class Windows:
    """When each of the caller's turns was said, and so which turn a sound of the agent's answers."""

    def __init__(self, said: Sequence[Said], told: Sequence[Told]) -> None:
        self._agent_turns = [turn for turn in told if turn.speaker == "agent"]
        self._turns: list[tuple[int, Span, bool]] = []
        for turn in sorted({one.turn for one in said if one.kind != "backchannel"}):
            of_turn = [one for one in said if one.turn == turn and one.kind != "backchannel"]
            span = Span(min(one.span.start for one in of_turn), max(one.span.end for one in of_turn))
            self._turns.append((turn, span, of_turn[0].kind == "interrupt"))

    def span(self, turn: int) -> Span | None:
        """When the caller said `turn`, from its first sound to its last; None for turn 0 and what was never said."""
        return next((span for number, span, _ in self._turns if number == turn), None)

    def of_sound(self, sound: Span) -> int:
        """The turn that a sound of the agent's belongs to.

        A later sentence of an answer that is already on its way belongs to that answer, even where the caller
        has begun to speak in between: the agent's own account tells which sentences are one answer.
        """
        for turn in reversed(self._agent_turns):
            if turn.span.start - CLOCK_TOLERANCE_S <= sound.start < turn.span.end + CLOCK_TOLERANCE_S:
                return self.at(min(turn.span.start, sound.start))
        return self.at(sound.start)

    def at(self, moment: float) -> int:
        """The turn under way at `moment`.

        While the caller is still interrupting, what the agent says belongs to the turn that is interrupted.
        """
        found = 0
        for turn, span, interrupts in self._turns:
            if span.start <= moment and not (interrupts and moment < span.end):
                found = turn
        return found


def heard(said: Sequence[Said], told: Sequence[Told]) -> tuple[dict[int, str], list[str]]:
    """What the agent understood of each item of `said`, by its index; and what it heard where nothing was said.

    A turn that the agent heard belongs to the utterance that it overlaps longest. The second list is what
    speech recognition made of silence or background.
    """
    understood: dict[int, str] = {}
    invented: list[str] = []
    for turn in told:
        if turn.speaker != "caller" or not turn.text.strip():
            continue
        overlaps = [_overlap(one.span, turn.span) for one in said]
        longest = max(overlaps, default=0.0)
        if longest <= 0:
            invented.append(turn.text)
            continue
        index = overlaps.index(longest)
        understood[index] = f"{understood.get(index, '')} {turn.text}".strip()
    return understood, invented


def _overlap(utterance: Span, heard_at: Span) -> float:
    start = max(utterance.start - CLOCK_TOLERANCE_S, heard_at.start)
    return min(utterance.end + CLOCK_TOLERANCE_S, heard_at.end) - start
