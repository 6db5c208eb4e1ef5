"""What the back end may ask of a call that is under way."""

from __future__ import annotations

from dataclasses import dataclass

from agent.domain.transfer import Transfer, TransferDestination


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text word for word, as soon as neither side speaks."""

    text: str
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class Hint:
    """Tell the language model something that the caller does not hear."""

    text: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call, after a last sentence (empty: the agent's farewell)."""

    farewell: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Hand the caller over to somebody else, as soon as neither side speaks."""

    transfer: Transfer
    """As it has begun."""
    destination: TransferDestination
    briefing: str = ""
    """For whoever answers an attended one; empty: a summary of the conversation."""
    announcement: str = ""
    """Said to the caller first, to its end; empty: what the destination or the agent has for that."""


@dataclass(frozen=True, slots=True)
class PutOnHold:
    """Let the caller wait with music until the call is resumed."""

    announced_by: str = ""
    """Said to its end first; empty: at once."""
    limit_s: float | None = None
    """Resume it by itself after so long; None: not before somebody asks for it."""


@dataclass(frozen=True, slots=True)
class EndCall:
    """End the call as the model wants it, after a last sentence; empty: it has said one."""

    farewell: str = ""


Command = Say | Hint | HangUp | HandOver | PutOnHold | EndCall
