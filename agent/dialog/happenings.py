"""What reaches a conversation: everything that happens in a call, one after the other."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from agent.dialog.listener import Draft, Heard
from agent.domain.answered_by import Answer
from agent.domain.call import EndedReason
from agent.domain.commands import Command


@dataclass(frozen=True, slots=True)
class Understood:
    """The words of a turn that may be over."""

    draft: Draft
    text: str
    finality: float | None = None
    """See Transcript."""


@dataclass(frozen=True, slots=True)
class WorkDone:
    """A turn of the agent's has come to its end, or was cut."""

    task: asyncio.Task[EndedReason | None]


@dataclass(frozen=True, slots=True)
class MustEnd:
    """The call may not go on: its time is up, or the agent is being shut down."""

    text: str
    reason: EndedReason


@dataclass(frozen=True, slots=True)
class SilenceDue:
    """Nobody may have said anything for too long."""


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """No sound can be sent or heard any more."""


@dataclass(frozen=True, slots=True)
class Key:
    """The caller pressed a key; empty: time has passed since the last one."""

    digit: str = ""


@dataclass(frozen=True, slots=True)
class WhoAnswered:
    """It was decided, or corrected, who answered a call that we made."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class TheyWait:
    """Who answered is a person, and has come to an end of what they said first."""


Happening = Heard | Understood | WhoAnswered | TheyWait | WorkDone | MustEnd | SilenceDue | StreamClosed | Key | Command
