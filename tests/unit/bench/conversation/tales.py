"""Made-up calls: what was said, where the agent was heard, what it told; seconds."""

from __future__ import annotations

from agent.rehearsal.alignment import Told
from agent.rehearsal.performance import Said, Span
from agent.testing import measure

RATE = 8000


def said(start: float, end: float, text: str = "hello", kind: str = "say") -> Said:
    return Said(1, kind, text, Span(start, end))


def agent_turn(start: float, end: float, text: str = "words", *, interrupted: bool = False) -> Told:
    return Told("agent", text, Span(start, end), interrupted)


def caller_turn(start: float, end: float, text: str = "hello") -> Told:
    return Told("caller", text, Span(start, end))


def sounds(*spans: tuple[float, float]) -> list[measure.Span]:
    return [measure.Span(round(start * RATE), round(end * RATE)) for start, end in spans]
