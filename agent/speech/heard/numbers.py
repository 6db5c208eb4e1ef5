"""The number that was said."""

from __future__ import annotations

import re

from agent.speech.heard.clauses import is_refused, last_said
from agent.speech.heard.digits import in_figures

_NUMBER = re.compile(r"(?<![\w.,])[-−]?\d+(?:[.,]\d+)?(?:st|nd|rd|th|\.(?=\s|$))?(?!\w)")
_NONE: dict[str, frozenset[str]] = {
    "en": frozenset({"none", "nobody", "no one", "nothing", "just me", "only me"}),
    "de": frozenset({"keine", "keiner", "niemand", "nur ich"}),
}
_ALONE: dict[str, float] = {"just me": 1, "only me": 1, "nur ich": 1}
_HALF: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\band a half\b"),
    "de": re.compile(r"\b(?:und )?ein(?:e)?halb\w*\b"),
}


def number(text: str, language: str) -> float | int | None:
    """The one number of the answer; the last one where the speaker corrected it. None where there is no such one."""
    code = language.lower()[:2]
    for piece in last_said(text, code):
        said = in_figures(piece, code)
        found = [match for match in _NUMBER.finditer(said) if not is_refused(said, *match.span(), code)]
        values = {_value(match[0], code) for match in found}
        if len(values) == 1:
            value = values.pop()
            half = _HALF.get(code)
            return value + 0.5 if half and half.search(said.lower()) and value == int(value) else value
        if values:
            return None
    plain = " ".join(re.findall(r"\w+", text.lower()))
    for words in sorted(_NONE.get(code, ()), key=len, reverse=True):
        if re.search(rf"\b{words}\b", plain):
            return _ALONE.get(words, 0)
    return None


def _value(figures: str, code: str) -> float | int:
    plain = re.sub(r"(?:st|nd|rd|th|\.)$", "", figures).replace("−", "-")
    if code != "en" and re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+", plain):
        plain = plain.replace(".", "")
    value = float(plain.replace(",", "."))
    return int(value) if value == int(value) else value
