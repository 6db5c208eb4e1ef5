"""Numbers in words as figures: "the twenty third" is "the 23rd"."""

from __future__ import annotations

import re

from text_to_num import alpha2digit  # type: ignore[import-untyped]  # it has no types

LANGUAGES = frozenset({"en", "de", "fr", "es", "it", "pt", "nl"})
"""In which number words are known."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def in_figures(text: str, language: str) -> str:
    """`text` with all numbers in figures; in a language of which the words are not known it stays as it is."""
    code = language.lower()[:2]
    if code not in LANGUAGES:
        return text
    plain = _THOUSANDS.sub("", text) if code == "en" else text
    figures: str = alpha2digit(plain, code, threshold=0)
    return figures
