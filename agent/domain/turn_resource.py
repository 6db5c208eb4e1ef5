"""A turn as the API shows it and webhooks carry it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.domain.turns import Speaker, Timings, Turn


class StageTimes(BaseModel):
    """When the stages of an answer were reached, in milliseconds since the end of the caller's speech."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    turn_ended: float | None = None
    """The caller's turn was declared over."""
    transcribed: float | None = None
    first_token: float | None = None
    first_clause: float | None = None
    """The first text that can be spoken was complete."""
    first_sound_queued: float | None = None
    first_sound_played: float | None = None

    @classmethod
    def of(cls, timings: Timings) -> StageTimes | None:
        """None for what answers nobody, such as a greeting."""
        zero = timings.speech_ended
        if zero is None:
            return None
        stages = {name: getattr(timings, name) for name in cls.model_fields}
        return cls(**{name: None if at is None else round((at - zero) * 1000, 1) for name, at in stages.items()})


class TurnResource(BaseModel):
    """One side's uninterrupted say."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    object: Literal["turn"] = "turn"
    index: int
    """Counts both sides' turns from 0 (the greeting)."""
    speaker: Speaker
    text: str
    """Of the caller what was understood; of the agent what was played, and so heard."""
    intended: str | None = None
    """What the agent would have said if it had not been cut short, as far as it was written by then; null for a turn
    that was not."""
    started_at: float
    """Seconds since the call was answered."""
    ended_at: float
    interrupted: bool
    """The caller cut the agent short: `text` is what was heard until then."""
    stages_ms: StageTimes | None = None

    @classmethod
    def of(cls, turn: Turn) -> TurnResource:
        """A turn for the public."""
        return cls(
            index=turn.index,
            speaker=turn.speaker,
            text=turn.text,
            intended=turn.intended,
            started_at=round(turn.started_at, 3),
            ended_at=round(turn.ended_at, 3),
            interrupted=turn.interrupted,
            stages_ms=StageTimes.of(turn.timings),
        )

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return self.model_dump(mode="json")
