"""What a rehearsal tells while it goes on, for whoever wants to watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class MomentKind(StrEnum):
    """What happened."""

    DIALLED = "dialled"
    ANSWERED = "answered"
    CALLER_BEGAN = "caller_began"
    """The caller begins to speak; `text` is what will be said."""
    CALLER_SAID = "caller_said"
    CALLER_HEARD = "caller_heard"
    """The agent told what it understood."""
    AGENT_BEGAN = "agent_began"
    """The first sound of an answer; `ms` is the time since the caller's last one."""
    AGENT_SAID = "agent_said"
    """The agent's turn is over; `text` is what was played."""
    AGENT_CUT = "agent_cut"
    """The same, but it was cut short."""
    KEYS = "keys"
    TROUBLE = "trouble"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Moment:
    """One of them."""

    kind: MomentKind
    text: str = ""
    ms: float | None = None


Watcher = Callable[[Moment], None]
"""Told at once, from the event loop."""


def nobody(_moment: Moment) -> None:
    """A watcher for nobody."""
