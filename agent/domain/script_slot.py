"""A slot: one thing that a call by a script is to find out. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ScriptName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
"""Of slots, states, exits and facts, within one script."""
MaybeName = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,47})?$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
"""Something that is said, or tells what is meant."""
MaybeWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=600)]
ClockTime = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]


class SlotType(StrEnum):
    """What a value is, and so how it is understood and kept; see `agent.domain.script_values`."""

    TEXT = "text"
    NAME = "name"
    """Of a person or a company."""
    NUMBER = "number"
    DATE = "date"
    """A day of the calendar, "2026-11-30"."""
    TIME = "time"
    """A time of day, "16:30"."""
    YES_NO = "yes_no"
    CHOICE = "choice"
    PHONE = "phone"
    """A telephone number, as digits with "+" before them where it was said so."""
    EMAIL = "email"


class SlotLimits(BaseModel):
    """What a value must keep to; each is for the types that it names, and null or empty asks for nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    minimum: float | None = None
    """Of a number."""
    maximum: float | None = None
    whole: bool = False
    """A number without a fraction."""
    earliest_in_days: int | None = Field(default=None, ge=-36500, le=36500)
    """Of a date, counted from the day of the call: 0 is that day, 1 the next one."""
    latest_in_days: int | None = Field(default=None, ge=-36500, le=36500)
    earliest: ClockTime = ""
    """Of a time of day, "09:00"."""
    latest: ClockTime = ""
    max_length: int = Field(default=200, ge=1, le=2000)
    """Characters of a text, a name or an address."""


class Slot(BaseModel):
    """One thing to find out."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: ScriptName
    type: SlotType = SlotType.TEXT
    ask: Words
    """The question."""
    ask_again: MaybeWords = ""
    """The question in other words, where the answer was of no use; empty: `ask` once more."""
    confirm: MaybeWords = ""
    """Said when the value is known, and has to be answered with yes; holds `{{name of the slot}}`. Empty: the value is
    taken as it is."""
    about: MaybeWords = ""
    """What is meant, for the language model."""
    choices: Annotated[tuple[Words, ...], Field(max_length=20)] = ()
    """Of a choice: what there is to choose from, as it is said and as it is kept."""
    required: bool = True
    """Whether a call that does not get it ends by `fallbacks.give_up`; otherwise the value is then null."""
    attempts: int = Field(default=3, ge=1, le=6)
    """So many times it is asked for."""
    limits: SlotLimits = SlotLimits()

    @property
    def question_again(self) -> str:
        """What is asked from the second time on."""
        return self.ask_again or self.ask
