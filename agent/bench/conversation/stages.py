"""Where the time of an answer went, stage by stage. Pure; milliseconds since the caller's last sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.ops.percentiles import Summary, summarise

SPEECH_ENDED = "speech_ended"
TURN_ENDED = "turn_ended"
HELD = "held"
HEARD = "heard"
CHAIN = ("transcribed", "first_token", "first_clause", "first_sound_queued", HELD, "first_sound_played", HEARD)
"""Each begins when the one before it is done. `held`: the sound is ready and waits for the turn to be declared over."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one turn's time."""

    stage: str
    """The stage that it ends with."""
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Stage:
    """The same stage in many turns."""

    stage: str
    start: float
    """Median of when it began."""
    end: Summary
    """When it was reached."""


def segments(stages: Mapping[str, float], heard: float) -> list[Segment]:
    """The time from the caller's last sound to the answer, without gaps: each stretch is what was waited for.

    `stages` as `TurnResult.stages_ms`. A stage that did not happen leaves its time to the next one; one that was
    reached before the caller was silent, or before the stage before it, takes none.
    """
    found, now = [], 0.0
    for stage, at in _times(stages, heard):
        end = min(max(now, at), heard)
        if end > now:
            found.append(Segment(stage, now, end))
        now = max(now, end)
    return found


def medians(turns: Iterable[tuple[Mapping[str, float], float]]) -> list[Stage]:
    """When each stage of the chain typically began and ended; before them the end of speech and of the turn.

    The end of speech is the detector's word: what it is off from 0 is its error.
    """
    turns = list(turns)
    found = []
    for stage in (SPEECH_ENDED, TURN_ENDED):
        reached = summarise(stages[stage] for stages, _ in turns if stage in stages)
        found += [Stage(stage, 0.0, reached)] if reached.count else []
    spans: dict[str, list[tuple[float, float]]] = {}
    for stages, heard in turns:
        now = 0.0
        for stage, at in _times(stages, heard):
            spans.setdefault(stage, []).append((now, max(now, at)))
            now = max(now, at)
    for stage in CHAIN:
        if stage in spans:
            start = summarise(start for start, _ in spans[stage])
            found.append(Stage(stage, start.p50 or 0.0, summarise(end for _, end in spans[stage])))
    return found


def slowest_last(turns: Sequence[tuple[Mapping[str, float], float]]) -> list[tuple[Mapping[str, float], float]]:
    """Sorted by latency."""
    return sorted(turns, key=lambda turn: turn[1])


def _times(stages: Mapping[str, float], heard: float) -> Iterator[tuple[str, float]]:
    known = {**stages, HEARD: heard}
    if TURN_ENDED in stages:
        known[HELD] = stages[TURN_ENDED]
    return ((stage, known[stage]) for stage in CHAIN if stage in known)
