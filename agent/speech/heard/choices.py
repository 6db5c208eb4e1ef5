"""Which of several things was chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from agent.speech.heard.clauses import is_refused, last_said
from agent.speech.heard.digits import in_figures

ALIKE = 0.8
"""Of a word that was misheard, and the one that was meant."""
TELLING = 3
"""Letters of a word that tells something."""
_PLACES: dict[str, tuple[str, ...]] = {
    "en": tuple(
        rf"(?:the )?(?:{word})(?: one| option)?|(?:option|number) {number}"
        for number, word in enumerate(("first|1st", "second|2nd", "third|3rd", "fourth|4th"), 1)
    ),
    "de": tuple(
        rf"(?:das|die|den|der) (?:{word}[nrs]?|{number}\.)|nummer {number}"
        for number, word in enumerate(("erste", "zweite", "dritte", "vierte"), 1)
    ),
}
_LAST: dict[str, str] = {"en": r"the last(?: one)?|the latter", "de": r"(?:das|die|den|der) letzte[nrs]?"}


def choice(text: str, choices: Sequence[str], language: str) -> str | None:
    """The one of `choices` that was chosen, as it stands there; None where none or several were."""
    code = language.lower()[:2]
    for piece in last_said(text, code):
        said = _plain(in_figures(piece, code))
        for look in (_named, _by_words, _alike):
            found = look(said, choices, code)
            if len(found) == 1:
                return choices[found.pop()]
            if found:
                return None
        by_place = _by_place(said, len(choices), code)
        if by_place is not None:
            return choices[by_place]
    return None


def _named(said: str, choices: Sequence[str], code: str) -> set[int]:
    """Those that are said as they stand; of one within another the longer one."""
    found: dict[int, tuple[int, int]] = {}
    for at, one in enumerate(choices):
        for match in re.finditer(rf"\b{re.escape(_plain(in_figures(one, code)))}(?:e?s|en|e)?\b", said):
            if not is_refused(said, *match.span(), code):
                found[at] = match.span()
    return {
        at
        for at, (start, end) in found.items()
        if not any(other != at and a <= start and end <= b and b - a > end - start for other, (a, b) in found.items())
    }


def _by_words(said: str, choices: Sequence[str], code: str) -> set[int]:
    """Those of which a word is said that stands in no other one."""
    words = [set(_telling(one)) for one in choices]
    found = set()
    for at, own in enumerate(words):
        others = set().union(*(other for index, other in enumerate(words) if index != at))
        for word in own - others:
            match = re.search(rf"\b{re.escape(word)}\b", said)
            if match and not is_refused(said, *match.span(), code):
                found.add(at)
    return found


def _alike(said: str, choices: Sequence[str], code: str) -> set[int]:
    del code
    spoken = _telling(said)
    return {
        at
        for at, one in enumerate(choices)
        if any(get_close_matches(word, spoken, n=1, cutoff=ALIKE) for word in _telling(one))
    }


def _by_place(said: str, count: int, code: str) -> int | None:
    for at, pattern in enumerate(_PLACES.get(code, ())[:count]):
        if re.search(rf"\b(?:{pattern})(?=\W|$)", said):
            return at
    last = _LAST.get(code)
    return count - 1 if last and re.search(rf"\b(?:{last})\b", said) else None


def _telling(text: str) -> list[str]:
    return [word for word in _plain(text).split() if len(word) >= TELLING or not word.isalpha()]


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+(?:\.(?=\s|$))?", text.lower())).replace(". ", " ").rstrip(".")
