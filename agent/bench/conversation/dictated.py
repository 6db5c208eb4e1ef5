"""Numbers and dates as callers dictate them: in groups with pauses, by recorded people and the test voice."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.bench.conversation.sounds import HIBARI, rest, spoken, tight
from agent.rehearsal.props import read_wav
from agent.testing.measure import Pcm
from agent.testing.noise import speech_at_level

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip
TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without I and O, which no order number has."""
WITHIN_GROUP_S = (0.04, 0.15)
"""Between two recorded digits of one group."""
_WORDS: Mapping[str, str] = {
    **{word: str(value) for value, word in enumerate(DIGITS)},
    **{word: str(value) for value, word in enumerate(TEENS, 10)},
    **{word: str(value) for value, word in zip(range(20, 100, 10), TENS, strict=True)},
    **{word: str(value) for value, word in enumerate(ORDINALS, 1)},
    **{month.lower(): month.lower() for month in MONTHS},
    "oh": "0", "o": "0", "for": "4", "to": "2", "too": "2", "won": "1", "ate": "8",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dictation:
    """What is dictated, group by group."""

    kind: str
    """`telephone`, `order` or `birthday`."""
    groups: tuple[tuple[str, ...], ...]
    """The words of each group."""

    @property
    def text(self) -> str:
        """As it is said."""
        return ", ".join(" ".join(group) for group in self.groups)

    @property
    def tokens(self) -> list[str]:
        """Digits, letters, days, months and years, as `tokens_of` finds them in a transcript."""
        return tokens_of(self.text, date=self.kind == "birthday")


def telephone(chance: random.Random) -> Dictation:
    """Seven to eleven digits in groups of two to four."""
    digits = [chance.choice(DIGITS) for _ in range(chance.randint(7, 11))]
    return Dictation("telephone", tuple(_groups(digits, chance)))


def order(chance: random.Random) -> Dictation:
    """Six to nine digits, mostly with one or two letters before them."""
    letters = tuple(chance.choice(LETTERS) for _ in range(chance.randint(0, 2)))
    digits = [chance.choice(DIGITS) for _ in range(chance.randint(6, 9))]
    return Dictation("order", (*((letters,) if letters else ()), *_groups(digits, chance)))


def birthday(chance: random.Random) -> Dictation:
    """Month, day, and year, each a group: "March", "fourth", "nineteen eighty two"."""
    tens, one = chance.choice(TENS[1:]), chance.choice(DIGITS[1:])
    return Dictation("birthday", ((chance.choice(MONTHS),), (chance.choice(ORDINALS),), ("nineteen", tens, one)))


KINDS = (telephone, order, birthday)


async def dictate(dictation: Dictation, pause_s: float, folder: Path | None, chance: random.Random) -> tuple[Pcm, str]:
    """Sound and origin. `folder`: recorded digits, letters and months of one person; None: the test voice."""
    if folder is None:
        texts = [f"{' '.join(group)}," for group in dictation.groups]
        texts[-1] = f"{texts[-1][:-1]}."
        groups = [tight(one.pcm) for one in await spoken(texts, chance)]
        origin = HIBARI
    else:
        groups = [np.concatenate(list(_recorded(group, folder, chance))) for group in dictation.groups]
        origin = "prompts"
    parts: list[Pcm] = [groups[0]]
    for group in groups[1:]:
        parts += [rest(pause_s), group]
    return np.concatenate(parts), origin


def clip_of(word: str, folder: Path) -> Path:
    """The recording of one word below the folder of the prompts. Raises KeyError for a word that nobody recorded."""
    names = {
        **{value: f"digits/{at}" for at, value in enumerate(DIGITS)},
        **{value: f"digits/{at}" for at, value in enumerate(TEENS, 10)},
        **{value: f"digits/{at}" for at, value in zip(range(20, 100, 10), TENS, strict=True)},
        **{value: f"digits/h-{at}" for at, value in enumerate(ORDINALS, 1)},
        **{value: f"digits/mon-{at}" for at, value in enumerate(MONTHS)},
        **{value: f"letters/{value.lower()}" for value in LETTERS},
    }
    return folder / f"{names[word]}.wav"


def tokens_of(text: str, *, date: bool = False) -> list[str]:
    """What counts of a transcript: single digits and letters in their order, or of a date month, day and year.

    "555-2349" and "five five five, twenty three forty nine" are the same digits. Of a date the numbers stay whole:
    "March 4th, 1982" and "March fourth, nineteen eighty two" give march, 4, 1982.
    """
    spelled = re.sub(r"\b[A-Z]{2,3}(?![a-z])", lambda letters: " ".join(letters[0]), text)
    found = re.findall(r"\d+|[a-z]+", re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", spelled.lower()))
    known = [_WORDS.get(part, part) for part in found]
    if date:
        return _date(known)
    kept: list[str] = []
    for part in _tens_joined(known):
        kept += part if part.isdecimal() or len(part) == 1 else []
    return kept


def _date(parts: Sequence[str]) -> list[str]:
    numbers = _tens_joined([part for part in parts if part.isdecimal()])
    if len(numbers) > 1 and len(numbers[-1]) == 2 and len(numbers[-2]) == 2 and int(numbers[-2]) in {19, 20}:
        numbers = [*numbers[:-2], numbers[-2] + numbers[-1]]
    months = [part for part in parts if part.capitalize() in MONTHS]
    return [*months[:1], *numbers]


def _tens_joined(parts: Sequence[str]) -> list[str]:
    """ "20", "3" as it was said in words is 23."""
    joined: list[str] = []
    for part in parts:
        if joined and re.fullmatch(r"[2-9]0", joined[-1]) and re.fullmatch(r"[1-9]", part):
            joined[-1] = joined[-1][0] + part
        else:
            joined.append(part)
    return joined


def _groups(digits: Sequence[str], chance: random.Random) -> Iterator[tuple[str, ...]]:
    left = list(digits)
    while left:
        size = len(left) if len(left) <= 4 else chance.choice([2, 3, 3, 4])
        size = size - 1 if len(left) - size == 1 else size
        yield tuple(left[:size])
        left = left[size:]


def _recorded(group: Sequence[str], folder: Path, chance: random.Random) -> Iterator[Pcm]:
    for index, word in enumerate(group):
        if index:
            yield rest(chance.uniform(*WITHIN_GROUP_S))
        yield tight(speech_at_level(read_wav(clip_of(word, folder))), edge=80)
