"""What happened in one rehearsed call: everything the judge needs, and nothing it would have to wait for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of sound, in seconds on the recording's clock (0 = its first sample)."""

    start: float
    end: float

    def holds(self, at: float) -> bool:
        """Whether the moment lies inside."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller said in one step."""

    turn: int
    """The caller's turn that it belongs to (`Scenario.numbered_steps`)."""
    kind: str
    """`say`, `interrupt` or `backchannel`."""
    text: str
    """Empty where a recording was played."""
    span: Span
    """First to last sound of the utterance, without the background."""
    cut: bool = False
    """Broken off before its end: its words cannot be compared."""


@dataclass(frozen=True, slots=True)
class Frames:
    """What became of the packets of 20 ms, at the caller's telephone."""

    sent: int = 0
    sent_late: int = 0
    received: int = 0
    received_late: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Performance:
    """One call as the caller's telephone recorded it, beside what the agent told about it."""

    zero: datetime
    """Wall-clock time of the recording's first sample; places the agent's events on its clock."""
    answered: float | None
    """When the call was answered, on the recording's clock; None: never."""
    ended: float
    """The end of the recording."""
    said: tuple[Said, ...] = ()
    agent_speech: tuple[Span, ...] = ()
    """Where the caller heard the agent: sound above silence, pauses inside a word or clause bridged."""
    events: tuple[Mapping[str, Any], ...] = ()
    """The call's events in their order, as `Event.to_dict` wrote them."""
    other_events: tuple[Mapping[str, Any], ...] = ()
    """The same of the call that a `connect` placed."""
    holes: tuple[Span, ...] = ()
    """Where received speech stops and starts again at once; `turn_results.broken_speech` keeps those inside a turn."""
    frames: Frames = Frames()
    agent_heard: Mapping[int, str] = field(default_factory=dict)
    """What our own ears made of the agent's speech, by turn; only of turns where a scenario asks for it."""
    troubles: tuple[str, ...] = ()
    """Why the scenario could not be played as written; each fails it."""
