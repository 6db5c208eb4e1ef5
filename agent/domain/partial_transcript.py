"""What one side has said so far of a turn that goes on: of the moment, never recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from agent.domain.turns import Speaker

TYPE = "call.transcript.partial"


@dataclass(frozen=True, slots=True)
class PartialTranscript:
    """Takes the place of the one before it of the same call and speaker."""

    call_id: str
    at: datetime
    speaker: Speaker
    text: str
    """Of the caller what is understood so far, which may still change; of the agent the words that were played."""

    def as_json(self) -> dict[str, Any]:
        """An envelope like that of events, without what only recorded ones have."""
        return {
            "object": "event",
            "type": TYPE,
            "timestamp": self.at.isoformat().replace("+00:00", "Z"),
            "call_id": self.call_id,
            "data": {"speaker": self.speaker.value, "text": self.text},
        }


class PartialSink(Protocol):
    """Whoever follows calls as they are spoken."""

    @property
    def wanted(self) -> bool:
        """Whether anybody listens now: making partials is not free."""
        ...

    def partial(self, partial: PartialTranscript) -> None:
        """Take one at once and without blocking."""
        ...


class NobodyListens:
    """A PartialSink without listeners."""

    wanted = False

    def partial(self, partial: PartialTranscript) -> None:
        """Goes nowhere."""
