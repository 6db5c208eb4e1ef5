"""Whether a caller has said goodbye."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_WORDS = 8  # "no thank you that is all for today goodbye": a longer sentence says something else as well

_NOT_A_WORD = re.compile(r"[^\w']+", re.UNICODE)
_COURTESY = frozenset({"thanks", "thank", "you", "then", "now", "for", "today", "much", "very", "so", "too"})


def is_farewell(text: str, farewells: Iterable[str]) -> bool:
    """True if the short sentence `text` ends with one of `farewells`, courtesies after it aside."""
    if text.rstrip().endswith("?"):
        return False
    words = _words(text)
    if not 0 < len(words) <= MAX_WORDS:
        return False
    endings = [words[:cut] for cut in range(len(words), 0, -1) if set(words[cut:]) <= _COURTESY]
    for farewell in map(_words, farewells):
        if farewell and any(ending[-len(farewell) :] == farewell for ending in endings):
            return True
    return False


def _words(text: str) -> list[str]:
    return [word for word in _NOT_A_WORD.split(text.lower()) if word]
