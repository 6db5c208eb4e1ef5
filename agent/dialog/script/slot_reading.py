"""The value of a slot in what was said. Pure."""

from __future__ import annotations

import re
from datetime import date

from agent.dialog.script.agreement import agreement
from agent.dialog.yes_no import YesNo
from agent.domain.script_slot import Slot, SlotType
from agent.domain.script_values import SlotValue
from agent.speech.heard.addresses import mail_address
from agent.speech.heard.choices import choice
from agent.speech.heard.clock_times import clock_time
from agent.speech.heard.days import day
from agent.speech.heard.names import name
from agent.speech.heard.numbers import number
from agent.speech.heard.telephone_numbers import telephone_number

DISTINCT = frozenset({SlotType.DATE, SlotType.TIME, SlotType.PHONE, SlotType.EMAIL})
"""Types whose values are known for what they are, also where something else was asked for."""
_FILLERS = re.compile(r"^(?:(?:um+|uh+|er+|well|so|oh|äh+m?|ähm|also|naja)[,.\s]+)+", re.IGNORECASE)
_SAYS_NAME = re.compile(
    r"\b(?:(?:my|the|full|first|last) name(?:'s| is)|i am|i'm|this is|mein name ist|ich heiße|hier (?:ist|spricht))\s+"
    r"(?P<name>[^\W\d_]+(?:[\s'-]+[^\W\d_]+){0,4})",
    re.IGNORECASE,
)


def slot_value(slot: Slot, text: str, language: str, *, today: date, asked: bool, misheard: str = "") -> SlotValue:
    """What `text` says for the slot, not checked against its limits; None where it says nothing.

    `asked`: it is the answer to this slot's question, so that a word alone may count. `misheard`: the name that was
    understood before, and is being spelled now.
    """
    limits = slot.limits
    found: SlotValue = None
    match slot.type:
        case SlotType.YES_NO if asked:
            meant = agreement(text, language)
            found = None if meant is YesNo.UNCLEAR else meant is YesNo.YES
        case SlotType.DATE:
            past = limits.latest_in_days is not None and limits.latest_in_days <= 0
            one = day(text, language, today=today, past=past)
            found = one.isoformat() if one else None
        case SlotType.TIME:
            found = clock_time(text, language, earliest=limits.earliest, latest=limits.latest, asked=asked)
        case SlotType.NUMBER if asked:
            found = number(text, language)
        case SlotType.PHONE:
            found = telephone_number(text, language)
        case SlotType.EMAIL:
            found = mail_address(text, language)
        case SlotType.CHOICE:
            found = choice(text, slot.choices, language)
        case SlotType.NAME:
            found = _name(text, language, asked=asked, misheard=misheard)
        case SlotType.TEXT if asked:
            found = _FILLERS.sub("", text.strip()).strip() or None
    return found


def _name(text: str, language: str, *, asked: bool, misheard: str) -> str | None:
    """Where it was not asked for, only after words that announce one, and written like one."""
    if asked:
        return name(text, language, before=misheard)
    match = _SAYS_NAME.search(text)
    return name(match["name"], language) if match and match["name"][0].isupper() else None
