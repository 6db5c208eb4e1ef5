"""Which question of a script somebody hears in what the agent says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent.dialog.script.wording import small_words
from agent.domain.script import CallScript
from agent.domain.script_slot import Slot
from agent.domain.script_text import without_places

_PLACE = "\0"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question."""

    slot: Slot
    confirming: bool = False
    """Whether a value that was understood is right."""


def asked(script: CallScript, text: str) -> Asked | None:
    """The last question in `text`, whatever stands in its places; None: there is none of the script's."""
    found = [(match, question) for template, question in _questions(script) if (match := _last(template, text))]
    return max(found, key=lambda one: (one[0].end(), -one[0].start()))[1] if found else None


def wants_spelling(script: CallScript, text: str) -> bool:
    """Whether a name is to be spelled."""
    spell = small_words(script.language).spell
    return bool(spell) and spell in text


def _questions(script: CallScript) -> Iterator[tuple[str, Asked]]:
    for slot in script.slots:
        yield slot.ask, Asked(slot)
        yield slot.question_again, Asked(slot)
        if slot.confirm:
            yield slot.confirm, Asked(slot, confirming=True)


def _last(template: str, text: str) -> re.Match[str] | None:
    pieces = " ".join(without_places(template, _PLACE).split()).split(_PLACE)
    pattern = ".*?".join(re.escape(piece) for piece in pieces)
    matches = list(re.finditer(pattern, text)) if any(piece.strip() for piece in pieces) else []
    return matches[-1] if matches else None
