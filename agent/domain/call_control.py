"""What an agent may do with a call besides talking: hand it over, end it, press keys, let the caller wait."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from agent.domain.transfer import TransferDestination

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class CallTool(StrEnum):
    """What the language model may do by itself, by the name of the tool."""

    TRANSFER = "transfer_call"
    END = "end_call"
    PRESS_KEYS = "press_keys"
    HOLD = "hold_call"


def _names_differ(destinations: tuple[TransferDestination, ...]) -> tuple[TransferDestination, ...]:
    names = [destination.name for destination in destinations]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two destinations are named {name}")
    return destinations


def _once_each(tools: tuple[CallTool, ...]) -> tuple[CallTool, ...]:
    if len(set(tools)) < len(tools):
        raise ValueError("a tool is named twice")
    return tools


class CallControl(BaseModel):
    """Of one agent."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    destinations: Annotated[tuple[TransferDestination, ...], Field(max_length=16), AfterValidator(_names_differ)] = ()
    """To whom callers may be handed over. There is no other way to hand one over."""
    tools: Annotated[tuple[CallTool, ...], AfterValidator(_once_each)] = (CallTool.TRANSFER,)
    """What the language model may do by itself; `transfer_call` only where there are destinations. The API may do all
    of it in any case."""
    connecting: Text = "One moment, please, I will connect you."
    """Said to the caller before a transfer, to its end."""
    not_connected: Text = "I am sorry, nobody can take your call there at the moment. What else can I do for you?"
    """Said to a caller who is back after a transfer that failed."""
    thanks_for_holding: Text = "Thank you for holding."
    """Said to a caller who was on hold."""
    please_hold: Text = "One moment, please."
    """Said to the caller before the model puts them on hold, to its end."""
    briefing: Text = "There is a call for you from {{caller}}. {{summary}}"
    """Said to whoever answers an attended transfer: `{{caller}}` is the caller's number, `{{summary}}` what the caller
    wants. A destination may have one of its own."""
    unknown_caller: Text = "an unknown number"
    """Takes the place of a number that is not known."""
    accept_question: Text = "To take the call, press 1 or say yes. To decline it, press 2 or say no."
    """Said to whoever answers an attended transfer, after the briefing."""
    accepted: Text = "I am connecting you."
    """Said to whoever takes the call."""
    declined: Text = "All right. Goodbye."
    """Said to whoever does not take it."""

    def destination(self, name: str) -> TransferDestination | None:
        """The one of that name."""
        return next((destination for destination in self.destinations if destination.name == name), None)

    def out_of_reach(self, trunks: Collection[str]) -> TransferDestination | None:
        """The first one whose line is none of `trunks`."""
        return next((one for one in self.destinations if one.trunk and one.trunk not in trunks), None)

    @property
    def offered(self) -> tuple[CallTool, ...]:
        """What the language model is told that it may do."""
        return tuple(tool for tool in self.tools if tool is not CallTool.TRANSFER or self.destinations)

    @property
    def sentences(self) -> Iterator[str]:
        """Those that are likely to be said, to be made ready beforehand."""
        if CallTool.HOLD in self.tools:
            yield self.please_hold
            yield self.thanks_for_holding
        if self.destinations:
            yield from (self.connecting, self.not_connected)
            yield from (destination.say for destination in self.destinations if destination.say)
