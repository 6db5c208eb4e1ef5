"""Whether what the caller hears is only a filler: people know that "Let me see." is no answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.domain.events import FillerSaid, TurnEnded


def bridges(events: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the agent has said a filler and its turn is still open, by its own account so far."""
    for event in reversed(events):
        if event["type"] == FillerSaid.type:
            return True
        if event["type"] == TurnEnded.type and event["turn"]["speaker"] == "agent":
            return False
    return False
