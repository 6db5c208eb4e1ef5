"""How rehearsals of a script with simulated callees went. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

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


class RehearsalStatus(StrEnum):
    """How far a rehearsal is."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class RehearsalBy(StrEnum):
    """By which means."""

    WRITING = "writing"
    CALL = "call"


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
    """By call: what the agent played, and what it understood."""
    opted_out: bool = False
    """The callee asked not to be called again: after a call their number would be on the do-not-call list."""
    said: list[str] | None = None
    """By call: the callee's sentences, word for word."""
    ended_reason: str | None = None
    """By call: as of any call."""
    disclosures_missing: list[str] | None = None
    """By call: those that were not played to their end, word for word."""
    recording: str | None = None
    """By call: name of the sound file. The callee is on the left, the agent on the right."""
    troubles: list[str] | None = None
    """By call: why it could not be led to its end, one sentence each."""


class Coverage(BaseModel):
    """What no rehearsal came to, by name."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    states: list[str]
    exits: list[str]
    slots: list[str]
    """That never got a value."""
    disclosures: list[str] = Field(default_factory=list)
    """That were missing in a call in which a person listened."""
    share: float
    """Of all states, exits and slots: what was come to, from 0 to 1."""


class RehearsalReport(BaseModel):
    """All conversations of one rehearsal."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    coverage: Coverage
    conversations: list[Rehearsed]
