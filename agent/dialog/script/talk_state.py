"""Where a conversation by a script stands, and what is said next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent.domain.script import CallScript, Exit
from agent.domain.script_slot import Slot
from agent.domain.script_values import SlotValue
from agent.domain.script_walk import Place


class LineKind(StrEnum):
    """What a line is for."""

    SAY = "say"
    DISCLOSURE = "disclosure"
    """Said word for word, and never interrupted."""
    THANKS = "thanks"
    """For a value; left out where it would be one too many."""
    ANSWER = "answer"
    """To something that the callee asked or held against it."""
    QUESTION = "question"
    FAREWELL = "farewell"


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say, with all places filled."""

    text: str
    kind: LineKind = LineKind.SAY


@dataclass(frozen=True, slots=True)
class TalkState:
    """Replaced by a new one with every turn of the callee's that counts."""

    place: Place
    values: Mapping[str, SlotValue] = field(default_factory=dict)
    """Settled; None: asked for in vain."""
    given: Mapping[str, SlotValue] = field(default_factory=dict)
    """Said, and not settled: the one that is being confirmed, and those whose turn comes later."""
    asked: str = ""
    """The slot that is open; empty: nothing was asked yet."""
    confirming: bool = False
    """The value that is given for it is to be confirmed."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """How often each slot was asked for in vain."""
    asides: int = 0
    """Turns since the last value that brought none."""
    turns: int = 0
    """Of the callee's."""
    said: frozenset[str] = frozenset()
    """States whose words were said."""
    heard: frozenset[str] = frozenset()
    """Slots that were asked for, each with its first wording."""
    misheard: str = ""
    """The slot of a name that the callee has to spell."""
    misheard_as: str = ""
    """What was understood instead."""
    question: str = ""
    """What was asked last, as it was said."""
    last_settled: str = ""
    exit: Exit | None = None
    """By which the call ends, or has ended."""

    def open_slot(self, script: CallScript) -> Slot | None:
        """The slot that is asked for."""
        return script.slot(self.asked) if self.asked and self.exit is None else None

    def known(self) -> dict[str, SlotValue]:
        """All values that may stand in the places of a text."""
        return {**self.values, **self.given}


@dataclass(frozen=True, slots=True)
class Move:
    """What the program does next."""

    state: TalkState
    """From the moment at which this is said."""
    lines: tuple[Line, ...]
    asks: str = ""
    """Something that the callee asked, to be answered by the model before the lines are said."""

    @property
    def ends(self) -> Exit | None:
        """The call is over after the last line."""
        return self.state.exit
