"""What words tell about who answers: sayings of machines, menus, call screening and people. Pure.

Ears make mistakes, so sayings are short pieces that stand for themselves, and one is enough. They are in
`answer_cues.toml`, English and German. An offer to take a message is a person's, and counts for nothing else.
"""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Final

_NOT_A_WORD: Final = re.compile(r"[^\w']+", re.UNICODE)


class Cue(StrEnum):
    """What a saying is typical of."""

    MAILBOX_FULL = "mailbox_full"
    CALL_SCREENING = "call_screening"
    PERSON = "person"
    """Asks us something, or speaks to us."""
    PERSON_ONLY = "person_only"
    """Says or begins as no machine does, so that the end of it need not be waited for."""
    OFFER = "offer"
    """To take a message, as people make it."""
    INTRODUCTION = "introduction"
    """Who is speaking, as people say it who answer."""
    NAMED = "named"
    """A few words with which machines begin as well as people."""
    VOICEMAIL = "voicemail"
    IVR = "ivr"
    ABSENT = "absent"
    """Somebody cannot come to the telephone: said by machines, and by people of others and of themselves."""
    BUSINESS = "business"
    """As both a machine and the person at a switchboard begin."""


def cues(text: str) -> frozenset[Cue]:
    """What is in it; `text` is as ears give it."""
    patterns = _patterns()
    plain = " ".join(_words(text))
    rest, offers = patterns[Cue.OFFER].subn(" ", plain)
    found = {cue for cue, pattern in patterns.items() if cue is not Cue.OFFER and pattern.search(rest)}
    return frozenset(found | {Cue.OFFER, Cue.PERSON} if offers else found)


def count_words(text: str) -> int:
    """How many."""
    return len(_words(text))


def _words(text: str) -> list[str]:
    return [word for word in _NOT_A_WORD.split(text.lower().replace("’", "'")) if word]


@lru_cache(maxsize=1)
def _patterns() -> dict[Cue, re.Pattern[str]]:
    table = tomllib.loads((files("agent.dialog") / "answer_cues.toml").read_text(encoding="utf-8"))
    return {cue: re.compile(rf"\b(?:{'|'.join(f'(?:{one})' for one in table[cue])})\b") for cue in Cue}
