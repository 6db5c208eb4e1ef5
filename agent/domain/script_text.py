"""Places in what a script says: `{{name}}` for a variable or the value of a slot, `{{facts.name}}` for a fact. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

FACTS = "facts."
_PLACE = re.compile(r"\{\{\s*((?:facts\.)?[A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")


def places(text: str) -> tuple[str, ...]:
    """The names in the places of a text; a fact's begins with "facts."."""
    return tuple(match[1] for match in _PLACE.finditer(text))


def without_places(text: str, instead: str = "") -> str:
    """The text with `instead` in all places."""
    return _PLACE.sub(lambda _: instead, text)


def filled(text: str, words: Mapping[str, str], facts: Mapping[str, str]) -> str:
    """The text with the words for variables and slots, and the facts, in their places.

    What stands in a word is text, never a place again; a fact may hold places of variables. A name that is not there
    leaves nothing.
    """

    def fact(name: str) -> str:
        return _PLACE.sub(lambda place: words.get(place[1], ""), facts.get(name, ""))

    def value(place: re.Match[str]) -> str:
        name = place[1]
        return fact(name.removeprefix(FACTS)) if name.startswith(FACTS) else words.get(name, "")

    return _PLACE.sub(value, text)
