"""The telephone number that was said, as digits."""

from __future__ import annotations

import re

from agent.speech.heard.clauses import last_said
from agent.speech.heard.digits import in_figures

SHORTEST, LONGEST = 3, 15
_REPEATED: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?P<times>double|triple) (?P<digit>\d|o|oh)\b"),
    "de": re.compile(r"\b(?P<times>doppel|zweimal|dreimal)[ -]?(?:die )?(?P<digit>\d)\b"),
}
_TIMES = {"double": 2, "triple": 3, "doppel": 2, "zweimal": 2, "dreimal": 3}
_ZERO = re.compile(r"(?<=\d)[\s-]+(?:oh|o)\b|\b(?:oh|o)[\s-]+(?=\d)")
_PLUS = re.compile(r"\bplus\s*(?=\d)")
_RUN = re.compile(r"\+?\d(?:[\s\-./(),]*(?:\(0\))?\d)*")


def telephone_number(text: str, language: str) -> str | None:
    """Digits, with a "+" before them where it was said so; None where there are too few or too many."""
    code = language.lower()[:2]
    for piece in last_said(text, code):
        said = in_figures(piece.lower(), code)
        repeated = _REPEATED.get(code)
        if repeated is not None:
            said = repeated.sub(lambda match: " ".join([_digit(match["digit"])] * _TIMES[match["times"]]), said)
        for _ in range(2):
            said = _ZERO.sub(" 0 ", said)
        said = _PLUS.sub("+", said)
        runs = [re.sub(r"[^+\d]", "", match[0]) for match in _RUN.finditer(said)]
        longest = max(runs, key=len, default="")
        if SHORTEST <= len(longest.lstrip("+")) <= LONGEST:
            return longest
    return None


def _digit(said: str) -> str:
    return said if said.isdigit() else "0"
