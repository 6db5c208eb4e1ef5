"""A turn is one side's uninterrupted say."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class Speaker(StrEnum):
    """Who has the turn."""

    CALLER = "caller"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Timings:
    """Stages of one answer, in seconds on the call's clock (0 = answered); None where a stage did not happen."""

    speech_ended: float | None = None
    """Last speech of the caller, as voice detection saw it."""
    turn_ended: float | None = None
    """The turn was declared over."""
    transcribed: float | None = None
    first_token: float | None = None
    first_clause: float | None = None
    """The first text that can be spoken was complete."""
    first_sound_queued: float | None = None
    first_sound_played: float | None = None
    tools_s: float = 0.0
    """No stage: how long tools, and the words that announced them, kept the caller from the answer."""

    @property
    def waited_s(self) -> float | None:
        """How long the caller waited for the answer itself, be it after a filler; None where there was no answer.

        Without what tools took: that says nothing about this machine.
        """
        if self.speech_ended is None or self.first_sound_played is None:
            return None
        return max(self.first_sound_played, self.first_sound_queued or 0.0) - self.speech_ended - self.tools_s


STAGES = tuple(field.name for field in fields(Timings) if field.name != "tools_s")
"""Of the timings those that are moments, in their order."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said, and what came of it."""

    index: int
    """Counts both sides' turns from 0 (the greeting)."""
    speaker: Speaker
    text: str
    """For the caller what was understood; for the agent what was played, and so heard."""
    started_at: float
    """Seconds on the call's clock."""
    ended_at: float
    interrupted: bool = False
    """The agent was cut short: `text` holds only what was heard."""
    timings: Timings = Timings()
    intended: str | None = None
    """What the agent would have said, where it was cut short, as far as it was written by then."""
