"""How soon a piece of work for ears or mouth is needed."""

from __future__ import annotations

from enum import IntEnum


class Urgency(IntEnum):
    """Who needs the result, and so what goes first: the lower value."""

    CALLER_WAITS = 0
    """A caller has finished a turn and hears nothing: a transcript, or the first clause of the answer."""
    CALLER_LISTENS = 1
    """The next sentence of an answer that is being played: it must be there before that one ends."""
    SPECULATION = 2
    """A turn that is perhaps over: thrown away if the caller goes on."""
    BACKGROUND = 3
    """Nobody waits for it: phrases to be kept, summaries."""


class Escalation:
    """The urgency of work that may become more urgent while it waits, such as speculation when the turn is over.

    One may be shared by all the works of one turn: raising it raises them all.
    """

    def __init__(self, urgency: Urgency) -> None:
        self._urgency = urgency

    @property
    def urgency(self) -> Urgency:
        """As it is now."""
        return self._urgency

    def raise_to(self, urgency: Urgency) -> None:
        """At least so urgent from now on; never less than before."""
        self._urgency = min(self._urgency, urgency)


def urgency_of(work: Urgency | Escalation) -> Urgency:
    """The urgency as it is now, of either kind."""
    return work.urgency if isinstance(work, Escalation) else work
