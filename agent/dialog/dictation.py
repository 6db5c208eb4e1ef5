"""Numbers, dates of birth, addresses and spellings that a caller gives piece by piece: is there more to come?

People dictate in groups of two to four with pauses of about a second. A group sounds as final as a whole sentence, so
neither melody nor punctuation tells: only how much has been said of what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from agent.dialog.asked import Asked
from agent.dialog.clause_words import ClauseWords


class Dictated(StrEnum):
    """How far a dictation has come."""

    NOTHING = "nothing"
    """Nothing is dictated."""
    PART = "part"
    WHOLE = "whole"
    """All that was asked for."""


TELEPHONE_DIGITS = 10
"""A telephone number with its area code: in North America exactly so many, elsewhere about."""
LONGEST_NUMBER = 16
"""Digits of a payment card (ISO/IEC 7812 allows 19, all large issuers use 16 or 15); no other number is longer."""
DATE_DIGITS = 4
"""Digits at the end of a date once its year is there: "March 4th, 1982", "nineteen eighty two"."""
UNASKED = 3
"""So many digits or letters one after the other are dictated even where none was asked for."""

# fmt: off
_DOMAIN = re.compile(
    r"(?:\b(?:dot|punkt|point)\s+|[\w-]\.)"
    r"(?:com|net|org|edu|gov|info|biz|io|app|dev|de|at|ch|eu|uk|us|ca|au|fr|es|it|nl|pl|se|be)$"
)
# fmt: on
_LETTERS = re.compile(r"(?:[^\W\d_][.-])*[^\W\d_]")


def dictated(text: str, tokens: Sequence[str], vocabulary: ClauseWords | None, asked: Asked) -> Dictated:
    """How far `text`, the turn so far in lower case, has come; `tokens` are its words."""
    digits = _trailing_digits(tokens, vocabulary)
    letters = _trailing_letters(tokens)
    if asked is Asked.EMAIL or "@" in text:
        return _address(text, tokens, vocabulary)
    if asked in {Asked.NUMBER, Asked.TELEPHONE}:
        enough = TELEPHONE_DIGITS if asked is Asked.TELEPHONE else LONGEST_NUMBER
        begun = digits or letters or _names_something(tokens, vocabulary)
        return Dictated.WHOLE if digits >= enough else Dictated.PART if begun else Dictated.NOTHING
    if asked is Asked.DATE_OF_BIRTH:
        begun = digits or _names_something(tokens, vocabulary)
        return Dictated.WHOLE if digits >= DATE_DIGITS else Dictated.PART if begun else Dictated.NOTHING
    groups = digits >= UNASKED and not _is_one_figure(tokens)
    spells = letters >= UNASKED or (letters and asked is Asked.SPELLING)
    return Dictated.PART if (groups and digits < LONGEST_NUMBER) or spells else Dictated.NOTHING


def _address(text: str, tokens: Sequence[str], vocabulary: ClauseWords | None) -> Dictated:
    if _DOMAIN.search(text.rstrip(".!?,… ")):
        return Dictated.WHOLE
    inside = "@" in text or (vocabulary is not None and any(token in vocabulary.address_words for token in tokens))
    return Dictated.PART if inside or _names_something(tokens, vocabulary) else Dictated.NOTHING


def _names_something(tokens: Sequence[str], vocabulary: ClauseWords | None) -> bool:
    """A few words that are neither an answer by themselves nor a clause: the beginning of what was asked for."""
    if vocabulary is None:
        return False
    is_answer = tokens[0] in vocabulary.short_answers
    return not is_answer and not any(token in vocabulary.finite_verbs for token in tokens)


def _is_one_figure(tokens: Sequence[str]) -> bool:
    """A year, a price, a house number: one group of digits, in figures, after a word."""
    return tokens[-1].isdigit() and len(tokens) > 1 and not any(figure.isdigit() for figure in tokens[-2])


def _trailing_digits(tokens: Sequence[str], vocabulary: ClauseWords | None) -> int:
    """Digits at the end of the turn, spoken or written."""
    spoken = vocabulary.number_words if vocabulary else {}
    count = 0
    for token in reversed(tokens):
        figures = sum(character.isdigit() for character in token)
        if not figures and token not in spoken:
            break
        count += figures or spoken[token]
    return count


def _trailing_letters(tokens: Sequence[str]) -> int:
    """Single letters at the end of the turn, as in "b r o" or "b-r-o"."""
    count = 0
    for token in reversed(tokens):
        if not _LETTERS.fullmatch(token):
            break
        count += len(re.findall(r"[^\W\d_]", token))
    return count
