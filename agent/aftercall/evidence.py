"""Whether a transcript supports what the model found in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agent.aftercall.transcript import Line
from agent.domain.summary_resource import Evidence, Support
from agent.domain.turns import Speaker

_WORD = re.compile(r"[^\W_]+")
_LEFT_OUT = re.compile(r"…|\.\.\.")
_LABEL = re.compile(rf"^\W*(?:{'|'.join(Speaker)})\s*:", re.IGNORECASE)
LONGEST_QUOTE = 400
"""Characters; what is longer quotes nothing in particular."""
TELLING = 3
"""Letters of a word that tells something: "is" and "my" stand in every turn."""


def evidence(quote: str, said: Sequence[Line], *, value: Any = None, is_free: bool = False) -> Evidence:
    """The turns in which the quoted words were said, in their order and whole; `unsupported` where there are none.

    Case and punctuation do not matter; of a quote with "…" each piece must be in the same turn. A number must be the
    one that is quoted, where the quote has figures. With `is_free` the value is a text of the model's own choice: most
    of its words must have been said in the turn of the quote. Where the quote is of no use, a text or number
    that was said itself, word for word, is its own quote.
    """
    spoken: dict[int, list[str]] = {}
    for line in said:
        spoken.setdefault(line.turn, []).extend(_words(line.text))
    quote = _LABEL.sub("", quote).strip()
    turns = _turns_with(_LEFT_OUT.split(quote), spoken) if len(quote) <= LONGEST_QUOTE else []
    if is_free and isinstance(value, str):
        turns = [turn for turn in turns if _mostly_said(value, spoken[turn])]
    elif _is_number(value) and not _may_be(value, quote):
        turns = []
    if not turns and (isinstance(value, str) or _is_number(value)) and len(str(value)) <= LONGEST_QUOTE:
        turns = _turns_with([str(value)], spoken)
        quote = str(value) if turns else quote
    return Evidence(
        status=Support.SUPPORTED if turns else Support.UNSUPPORTED, turns=turns, quote=quote[:LONGEST_QUOTE]
    )


def _turns_with(pieces: Sequence[str], spoken: dict[int, list[str]]) -> list[int]:
    wanted = [words for piece in pieces if (words := _words(piece))]
    return [turn for turn, words in spoken.items() if wanted and all(_contains(words, piece) for piece in wanted)]


def _mostly_said(value: str, words: Sequence[str]) -> bool:
    of_value = _words(value)
    telling = [word for word in of_value if len(word) >= TELLING or not word.isalpha()] or of_value
    return bool(telling) and 2 * sum(word in words for word in telling) > len(telling)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _may_be(value: float, quote: str) -> bool:
    """Figures are read with and without the marks that group them; numbers in words are believed."""
    figures = re.findall(r"\d+(?:[.,' ]\d+)*", quote)
    readings = {reading for one in figures for reading in (re.sub(r"[,' ]", "", one), re.sub(r"\D", "", one))}
    readings |= set(re.findall(r"\d+", quote)) | {re.sub(r"[.' ]", "", one).replace(",", ".") for one in figures}
    return not figures or any(_same(value, reading) for reading in readings)


def _same(value: float, reading: str) -> bool:
    try:
        return float(reading) == float(value)
    except (ValueError, OverflowError):
        return False


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _contains(words: Sequence[str], piece: Sequence[str]) -> bool:
    return any(list(words[at : at + len(piece)]) == list(piece) for at in range(len(words) - len(piece) + 1))
