"""How rehearsals of a script with simulated callees went. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent.domain.script_values import SlotValue


class Caller(StrEnum):
    """Who is on the other side."""

    COOPERATIVE = "cooperative"
    """Answers what is asked; once for each answer that a yes_no or a choice may have."""
    HESITANT = "hesitant"
    """Answers everything only when it is asked again."""
    HOSTILE = "hostile"
    """Does not want to talk."""
    OFF_TOPIC = "off_topic"
    """Asks something else before each answer."""
    VOICEMAIL = "voicemail"
    """A machine: it is left the message."""
    OPT_OUT = "opt_out"
    """Does not want to be called again."""


class RehearsedTurn(BaseModel):
    """Something that was said."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    speaker: Literal["agent", "callee"]
    text: str


class Rehearsed(BaseModel):
    """One conversation."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    caller: Caller
    exit: str | None
    """By which it ended; null: it did not end by itself, or nobody talked."""
    outcome: str | None
    success: bool | None
    slots: dict[str, SlotValue]
    states: list[str]
    """That it came into."""
    turns: list[RehearsedTurn]
    opted_out: bool = False
    """The callee asked not to be called again: after a call their number would be on the do-not-call list."""


class Coverage(BaseModel):
    """What no rehearsal came to, by name."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    states: list[str]
    exits: list[str]
    slots: list[str]
    """That never got a value."""
    share: float
    """Of all states, exits and slots: what was come to, from 0 to 1."""
