"""Whether somebody says that they do not want to be called again. Pure; for English and German."""

from __future__ import annotations

import re

_WISHES = (
    re.compile(
        r"\b(?:do not|don't|never|stop|quit|no more)(?: \w+){0,2} (?:call(?:s|ing)?|ring(?:ing)?|phon(?:e|ing)"
        r"|contact(?:ing)?)"
        r"(?: (?:me|us|here|this number|my number))?(?:.{0,20}\b(?:again|anymore|any more|ever)\b| me\b| us\b"
        r"| here\b|\W*$)"
    ),
    re.compile(
        r"\b(?:take|remove|delete|get|strike|put)\b (?:me|us|my|our|this)\b.{0,25}\b(?:off|from|out of"
        r"|on)\b.{0,20}\b(?:lists?|database|records|system|registry)\b"
    ),
    re.compile(r"\b(?:do[- ]not[- ]call|unsubscribe|opt (?:me )?out|lose (?:my|this) number)\b"),
    re.compile(
        r"\b(?:rufen|ruft|rufe|ruf)\b.{0,25}\b(?:nie|nicht|nimmer)\b.{0,25}\ban\b|\b(?:nie|nicht) (?:wieder|mehr"
        r"|noch ?mal) an(?:ge)?ruf\w*\b"
    ),
    re.compile(
        r"\b(?:streichen|löschen|nehmen|entfernen)\b.{0,30}\b(?:liste|daten|datenbank|verteiler|kartei)\b"
        r"|\bkeine (?:weiteren )?anrufe\b"
    ),
)
_NOT_MEANT = re.compile(
    r"\b(?:don't|do not) call (?:before|until|after|at|on|between)\b|\bcall(?:ing)? (?:me )?(?:back|later)\b|\?\s*$"
)


def wants_no_more_calls(text: str) -> bool:
    """True where it is said; "don't call before nine" and "call me later" are no such wishes."""
    said = " ".join(text.lower().replace("’", "'").split())
    return any(wish.search(said) for wish in _WISHES) and _NOT_MEANT.search(said) is None
