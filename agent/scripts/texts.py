"""All that a script has said, with the place of each text in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from agent.domain.script import CallScript


class Kind(StrEnum):
    """When a text is said, as far as the check asks."""

    OPENING = "opening"
    """Before anything was asked: opening, disclosures and voicemail."""
    STATE = "state"
    """By a state: `name` is the state's."""
    SLOT = "slot"
    """About a slot: `name` is the slot's."""
    CONFIRM = "confirm"
    """When its value is known: `name` is the slot's."""
    EXIT = "exit"
    """`name` is the exit's."""
    ANYWHERE = "anywhere"
    """At any time: objections, fallbacks, facts."""


@dataclass(frozen=True, slots=True)
class Text:
    """Something that is said."""

    path: str
    """JSON pointer into the script."""
    words: str
    kind: Kind
    name: str = ""


def texts(script: CallScript) -> Iterator[Text]:
    """Every text that is not empty, in the order of the script."""
    return (text for text in _all(script) if text.words)


def _all(script: CallScript) -> Iterator[Text]:
    yield Text("/opening", script.opening, Kind.OPENING)
    for at, words in enumerate(script.disclosures):
        yield Text(f"/disclosures/{at}", words, Kind.OPENING)
    yield Text("/voicemail", script.voicemail, Kind.OPENING)
    for name, words in script.facts.items():
        yield Text(f"/facts/{name}", words, Kind.ANYWHERE)
    for at, slot in enumerate(script.slots):
        yield Text(f"/slots/{at}/ask", slot.ask, Kind.SLOT, slot.name)
        yield Text(f"/slots/{at}/ask_again", slot.ask_again, Kind.SLOT, slot.name)
        yield Text(f"/slots/{at}/confirm", slot.confirm, Kind.CONFIRM, slot.name)
        for number, choice in enumerate(slot.choices):
            yield Text(f"/slots/{at}/choices/{number}", choice, Kind.ANYWHERE)
    for at, state in enumerate(script.states):
        yield Text(f"/states/{at}/say", state.say, Kind.STATE, state.name)
    for at, ending in enumerate(script.exits):
        yield Text(f"/exits/{at}/say", ending.say, Kind.EXIT, ending.name)
    for at, objection in enumerate(script.objections):
        yield Text(f"/objections/{at}/answer", objection.answer, Kind.ANYWHERE)
    yield Text("/fallbacks/not_understood", script.fallbacks.not_understood, Kind.ANYWHERE)
    yield Text("/fallbacks/silence", script.fallbacks.silence, Kind.ANYWHERE)
