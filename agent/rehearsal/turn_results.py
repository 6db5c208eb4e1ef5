"""What came of each turn, measured on the audio: who said what when, how fast the answer came, how fast it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.rehearsal.alignment import CLOCK_TOLERANCE_S, Told, Windows, heard, told_turns
from agent.rehearsal.performance import Performance, Said, Span
from agent.rehearsal.words import WordErrors, word_errors


@dataclass(frozen=True, slots=True)
class CallerLine:
    """One utterance of the caller's."""

    said: Said
    heard_as: str | None
    """What the agent understood; None: it did not take it for a turn."""
    errors: WordErrors | None
    """Against the text; None where there is no text or the caller broke off."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """The caller's turn and the agent's answer to it; turn 0 has only what the agent says first."""

    turn: int
    caller: tuple[CallerLine, ...] = ()
    caller_span: Span | None = None
    agent_text: str | None = None
    """As the agent told it: what was played. None: it told nothing."""
    agent_span: Span | None = None
    """First to last sound of the agent's, on the audio; None: nothing was heard."""
    agent_heard_as: str | None = None
    """What our own ears made of it, where they were asked to listen."""
    latency_ms: float | None = None
    """Voice to voice: last sound of the caller's turn to the first of the answer; of turn 0 from being answered."""
    cut_in_ms: float | None = None
    """So long before the caller's last sound the agent began to answer."""
    interrupted: bool | None = None
    """By the agent's own account; None: it told nothing."""
    stopped_after_ms: float | None = None
    """First sound of the caller's interruption to the last of the agent's."""
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    """When the agent reached each stage of its answer, counted from the caller's last sound."""

    @property
    def heard_as(self) -> str:
        """What the agent understood of the whole turn."""
        return " ".join(line.heard_as for line in self.caller if line.heard_as and line.said.kind != "backchannel")

    def to_lines(self) -> list[dict[str, Any]]:
        """The turn as the report holds it: a line for each thing said, the caller's first; seconds of the recording."""
        lines: list[dict[str, Any]] = [
            {
                "turn": self.turn,
                "who": "caller",
                "kind": line.said.kind,
                "text": line.said.text,
                "start_s": round(line.said.span.start, 3),
                "end_s": round(line.said.span.end, 3),
                "heard_as": line.heard_as,
                "word_error_rate": None if line.errors is None else round(line.errors.rate, 3),
            }
            for line in self.caller
        ]
        if self.agent_text is not None or self.agent_span is not None:
            lines.append(
                {
                    "turn": self.turn,
                    "who": "agent",
                    "text": self.agent_text,
                    "start_s": None if self.agent_span is None else round(self.agent_span.start, 3),
                    "end_s": None if self.agent_span is None else round(self.agent_span.end, 3),
                    "heard_as": self.agent_heard_as,
                    "voice_to_voice_ms": self.latency_ms,
                    "cut_in_ms": self.cut_in_ms,
                    "interrupted": self.interrupted,
                    "stopped_after_ms": self.stopped_after_ms,
                    "stages_ms": dict(self.stages_ms),
                }
            )
        return lines


def turn_results(performance: Performance, turns: int) -> tuple[list[TurnResult], list[str]]:
    """The results of turns 0 to `turns`, and what the agent heard while the caller said nothing."""
    told = told_turns(performance)
    windows = Windows(performance.said, told)
    understood, invented = heard(performance.said, told)
    lines = [_caller_line(one, understood.get(index)) for index, one in enumerate(performance.said)]
    spoken = [turn for turn in told if turn.speaker == "agent"]
    return [
        _result(
            turn,
            performance,
            windows,
            lines=[line for line in lines if line.said.turn == turn],
            told=[one for one in spoken if windows.at(one.span.start) == turn],
            sounds=[span for span in performance.agent_speech if windows.of_sound(span) == turn],
        )
        for turn in range(turns + 1)
    ], invented


def broken_speech(performance: Performance) -> list[Span]:
    """The holes that lie inside one turn of the agent's.

    Between two turns there is silence of any kind: an answer that was cut short ends as suddenly as one that broke.
    """
    spoken = [turn.span for turn in told_turns(performance) if turn.speaker == "agent"]
    return [
        hole
        for hole in performance.holes
        if any(
            span.start - CLOCK_TOLERANCE_S <= hole.start and hole.end <= span.end + CLOCK_TOLERANCE_S for span in spoken
        )
    ]


def _caller_line(said: Said, heard_as: str | None) -> CallerLine:
    comparable = said.text and not said.cut and said.kind != "backchannel"
    return CallerLine(said, heard_as, word_errors(said.text, heard_as or "") if comparable else None)


def _result(
    turn: int,
    performance: Performance,
    windows: Windows,
    *,
    lines: Sequence[CallerLine],
    told: Sequence[Told],
    sounds: Sequence[Span],
) -> TurnResult:
    caller_span = windows.span(turn)
    since = caller_span.end if caller_span else performance.answered if turn == 0 else None
    span = Span(sounds[0].start, sounds[-1].end) if sounds else None
    waited_ms = None if span is None or since is None else _ms(span.start - since)
    return TurnResult(
        turn=turn,
        caller=tuple(lines),
        caller_span=caller_span,
        agent_text=" ".join(one.text for one in told) if told else None,
        agent_span=span,
        agent_heard_as=performance.agent_heard.get(turn),
        latency_ms=waited_ms if waited_ms is not None and waited_ms >= 0 else None,
        cut_in_ms=-waited_ms if waited_ms is not None and waited_ms < 0 else None,
        interrupted=any(one.interrupted for one in told) if told else None,
        stopped_after_ms=_stopped_after_ms(turn, performance.said, sounds),
        stages_ms={} if since is None else {k: _ms(at - since) for one in told[:1] for k, at in one.stages.items()},
    )


def _stopped_after_ms(turn: int, said: Sequence[Said], sounds: Sequence[Span]) -> float | None:
    """How long the agent went on with `turn` after the caller began the next one; None: nobody spoke over it."""
    over = next((one for one in said if one.turn == turn + 1 and one.kind != "backchannel"), None)
    if over is None or not sounds:
        return None
    spoke_over = over.kind == "interrupt" or any(span.holds(over.span.start) for span in sounds)
    return max(0.0, _ms(sounds[-1].end - over.span.start)) if spoke_over else None


def _ms(seconds: float) -> float:
    """In tenths of a millisecond: a sample of the recording is 0.125 ms."""
    return round(1000 * seconds, 1)
