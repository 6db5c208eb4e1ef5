"""A state of a script: what is to be reached there, what is asked, and where the call goes on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agent.domain.script_slot import MaybeWords, ScriptName
from agent.domain.script_values import SlotValue


class Comparison(StrEnum):
    """How the value of a slot is looked at."""

    IS = "is"
    IS_NOT = "is_not"
    LESS = "less"
    """A number that is less, a date or a time that is before."""
    MORE = "more"
    KNOWN = "known"
    UNKNOWN = "unknown"
    """Not asked for yet, or asked for in vain."""


class Condition(BaseModel):
    """Something that may be so of one slot."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    slot: ScriptName
    compare: Comparison = Comparison.IS
    value: SlotValue = None
    """What it is compared with; of a slot of type yes_no true or false."""

    def holds(self, values: Mapping[str, SlotValue]) -> bool:
        """Whether it is so. Of a slot without a value only UNKNOWN and IS_NOT are true."""
        known = values.get(self.slot)
        match self.compare:
            case Comparison.KNOWN:
                return known is not None
            case Comparison.UNKNOWN:
                return known is None
            case Comparison.IS:
                return known is not None and same(known, self.value)
            case Comparison.IS_NOT:
                return known is None or not same(known, self.value)
            case Comparison.LESS:
                return _in_order(known, self.value)
            case Comparison.MORE:
                return _in_order(self.value, known)


class Transition(BaseModel):
    """A way on from a state."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    when: Annotated[tuple[Condition, ...], Field(max_length=8)] = ()
    """All of them must hold; none: always."""
    to: ScriptName
    """A state or an exit."""
    forget: Annotated[tuple[ScriptName, ...], Field(max_length=20)] = ()
    """Slots that are asked for anew, on a way back."""

    def holds(self, values: Mapping[str, SlotValue]) -> bool:
        """Whether the call may go this way."""
        return all(condition.holds(values) for condition in self.when)


class State(BaseModel):
    """A part of the conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: ScriptName
    goal: MaybeWords = ""
    """What is to be reached, for the language model."""
    say: MaybeWords = ""
    """Said when the call comes here, before anything is asked."""
    slots: Annotated[tuple[ScriptName, ...], Field(max_length=12)] = ()
    """Asked for here in this order, each where it is not known yet."""
    transitions: Annotated[tuple[Transition, ...], Field(max_length=12)] = ()
    """The first that holds is taken when all slots of the state are known, or were asked for in vain."""


def same(one: SlotValue, other: SlotValue) -> bool:
    """Whether two values are one: texts whatever their case, yes only with yes and never with 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold()
    return one == other


def _in_order(low: SlotValue, high: SlotValue) -> bool:
    if isinstance(low, bool) or isinstance(high, bool):
        return False
    if isinstance(low, str) and isinstance(high, str):
        return low < high  # dates and times are written so that they sort
    return isinstance(low, int | float) and isinstance(high, int | float) and low < high
