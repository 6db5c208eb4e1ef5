"""Compares what was said with what was to be said, as a listener would: case, punctuation and digits do not count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.errors import SetupError

_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_SYMBOLS = {"%": " percent ", "&": " and ", "+": " plus ", "@": " at "}
_MONEY = {"$": "dollars", "£": "pounds", "€": "euros"}
SPOKEN_AS_A_NUMBER = 4  # digits: longer ones are telephone numbers, read one by one


def normalise(text: str) -> list[str]:
    """The words of an English text in lower case: no punctuation, numbers as they are said.

    "9:30 a.m." gives nine thirty am, "$45" forty five dollars, "21st" twenty first; numbers of more than four
    digits or with a leading zero are said digit by digit. Apostrophes are dropped: "what's" gives whats.
    """
    text = text.lower().replace("’", "'").replace("'", "")
    text = re.sub(r"\b(\d{1,2}):00\b", r"\1", text)
    text = re.sub(r"(\d),(?=\d{3}\b)", r"\1", text)
    text = re.sub(r"([$£€])\s?(\d+)", lambda found: f"{found[2]} {_MONEY[found[1]]} ", text)
    text = re.sub(r"\b([a-z])\.(?=[a-z]\b)", r"\1", text)
    for symbol, word in _SYMBOLS.items():
        text = text.replace(symbol, word)
    text = re.sub(r"(\d+)(st|nd|rd|th)\b", lambda found: " ".join(_ordinal(found[1])), text)
    text = re.sub(r"\d+", lambda found: f" {' '.join(_number(found[0]))} ", text)
    return re.findall(r"[^\W_]+", text)


def contains(text: str, phrase: str) -> bool:
    """Whether `phrase` occurs in `text` as a run of whole words, both normalised."""
    words, wanted = normalise(text), normalise(phrase)
    return bool(wanted) and any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))


def first_of(text: str, phrases: Iterable[str]) -> str | None:
    """The first of `phrases` that occurs in `text`; None where none does."""
    return next((phrase for phrase in phrases if contains(text, phrase)), None)


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Errors of a transcript against its reference."""

    errors: int
    """Words replaced, left out or put in."""
    words: int
    """Words of the reference."""

    @property
    def rate(self) -> float:
        """The word error rate; above 1 where more was put in than there was."""
        return self.errors / self.words if self.words else float(self.errors > 0)


def word_errors(reference: str, heard: str) -> WordErrors:
    """Count with jiwer (Levenshtein distance over words), both texts normalised. Raises SetupError without jiwer."""
    try:
        import jiwer
    except ImportError as error:
        raise SetupError("jiwer is missing; install phone-agent[rehearse].") from error
    expected, found = normalise(reference), normalise(heard)
    if not expected or not found:  # jiwer takes no empty reference
        return WordErrors(errors=max(len(expected), len(found)), words=len(expected))
    result = jiwer.process_words(" ".join(expected), " ".join(found))
    return WordErrors(result.substitutions + result.deletions + result.insertions, len(expected))


def _number(digits: str) -> Sequence[str]:
    if len(digits) > SPOKEN_AS_A_NUMBER or (len(digits) > 1 and digits.startswith("0")):
        return [_ONES[int(digit)] for digit in digits]
    value = int(digits)
    if value < 20:
        return [_ONES[value]]
    if value < 100:
        return [_TENS[value // 10], *([_ONES[value % 10]] if value % 10 else [])]
    unit, name = (100, "hundred") if value < 1000 else (1000, "thousand")
    rest = [] if value % unit == 0 else _number(str(value % unit))
    return [*_number(str(value // unit)), name, *rest]


def _ordinal(digits: str) -> Sequence[str]:
    *before, last = _number(digits)
    if last in _ORDINALS:
        return [*before, _ORDINALS[last]]
    return [*before, f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"]
