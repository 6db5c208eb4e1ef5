"""Builds performances for the tests of judge and turn results: a call on paper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from agent.rehearsal.performance import Performance, Said, Span

ZERO = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ANSWERED = 0.5
"""On the recording's clock."""
LAG = 0.1
"""So much later than the answer the agent's own clock starts."""


def caller(turn: int, start: float, end: float, text: str = "What time is it?", kind: str = "say") -> Said:
    return Said(turn=turn, kind=kind, text=text, span=Span(start, end))


def told(speaker: str, start: float, end: float, text: str, *, interrupted: bool = False) -> dict[str, Any]:
    """A `turn.ended` event; `start` and `end` on the recording's clock, for the reader's sake."""
    began = ANSWERED + LAG
    return {
        "type": "turn.ended",
        "call_id": "call_1",
        "at": (ZERO + timedelta(seconds=end)).isoformat(),
        "turn": {
            "index": 0,
            "speaker": speaker,
            "text": text,
            "started_at": start - began,
            "ended_at": end - began,
            "interrupted": interrupted,
            "timings": {"transcribed": start - began - 0.2, "first_token": None} if speaker == "agent" else {},
        },
    }


def call_event(status: str = "in-progress", reason: str | None = None) -> dict[str, Any]:
    return {
        "type": "call.changed",
        "call_id": "call_1",
        "at": ZERO.isoformat(),
        "call": {
            "status": status,
            "ended_reason": reason,
            "answered_at": (ZERO + timedelta(seconds=ANSWERED)).isoformat(),
        },
    }


def performance(**fields: Any) -> Performance:
    fields.setdefault("events", (call_event(),))
    return Performance(**{"zero": ZERO, "answered": ANSWERED, "ended": 60.0, **fields})


def ordinary_call() -> Performance:
    """Greeting, a question that is answered in two sentences, a second one that interrupts, hang-up."""
    return performance(
        said=(
            caller(1, 4.0, 6.0, "What are your opening hours?"),
            caller(2, 9.0, 10.0, "Where can I park?", "interrupt"),
        ),
        agent_speech=(Span(1.0, 3.0), Span(7.2, 8.4), Span(8.8, 9.3), Span(11.0, 13.0)),
        events=(
            call_event("in-progress"),
            told("agent", 0.9, 2.9, "Hello."),
            told("caller", 4.1, 5.9, "What are your opening hours?"),
            told("agent", 7.1, 9.2, "We open at 9. On Saturday", interrupted=True),
            told("caller", 9.1, 9.9, "Where can I bark?"),
            told("agent", 10.9, 12.9, "Behind the house."),
            call_event("completed", "caller_hangup"),
        ),
    )
