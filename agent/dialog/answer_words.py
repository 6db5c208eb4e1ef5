"""How likely the words so far are those of a person or of which kind of machine. Pure; English.

A multinomial logistic regression over runs of one to three words, learned from greetings and all their beginnings by
`python -m agent.bench.machines.learn`, which also writes `answer_words.json`. A text takes less than a millisecond.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from agent.domain.answered_by import AnsweredBy

KINDS: Final = (
    AnsweredBy.PERSON,
    AnsweredBy.VOICEMAIL,
    AnsweredBy.MAILBOX_FULL,
    AnsweredBy.IVR,
    AnsweredBy.CALL_SCREENING,
)
UNKNOWN, BEGINNING = "_", "^"
LONGEST_RUN = 3
KNOWN = 0.5
"""Share of words that were met in learning, below which a text is not judged: names alone, another language."""
LENGTHS: Final = (1, 2, 3, 5, 8, 12)
_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve")
_SPELLINGS: Final = (
    ("’", "'"), ("can't", "can not"), ("cannot", "can not"), ("won't", "will not"), ("n't", " not"), ("'ve", " have"),
    ("'re", " are"), ("'ll", " will"), ("'m", " am"), ("voice mail", "voicemail"), ("mail box", "mailbox"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned."""

    words: Collection[str]
    """Those that were met often enough; all others are alike."""
    weights: Mapping[str, tuple[float, ...]]
    """Of each feature, for KINDS in that order."""


def split(text: str) -> list[str]:
    """Words in one spelling; numbers are `#`."""
    plain = text.lower()
    for written, same in _SPELLINGS:
        plain = plain.replace(written, same)
    return ["#" if _NUMBER.fullmatch(word) else word for word in _WORD.findall(plain)]


def features(words: list[str], known: Collection[str], *, asks: bool) -> Iterator[str]:
    """All that counts of a text."""
    row = [BEGINNING, *(word if word in known else UNKNOWN for word in words)]
    for length in range(1, LONGEST_RUN + 1):
        for at in range(len(row) - length + 1):
            yield " ".join(row[at : at + length])
    yield f"<={next((most for most in LENGTHS if len(words) <= most), 'more')}"
    if asks:
        yield "?"


def likelihoods(text: str, lesson: Lesson | None = None) -> dict[AnsweredBy, float]:
    """How likely each kind is, 0 to 1 and 1 together; without `lesson` by what comes with the package."""
    lesson = lesson or learned()
    found = set(features(split(text), lesson.words, asks=asks(text)))
    rows = [row for feature in found if (row := lesson.weights.get(feature)) is not None]
    sums = [math.fsum(row[number] for row in rows) for number in range(len(KINDS))]
    powers = [math.exp(one - max(sums)) for one in sums]
    return {kind: power / sum(powers) for kind, power in zip(KINDS, powers, strict=True)}


def judged(text: str) -> dict[AnsweredBy, float] | None:
    """The same of what is English; None: too few of its words are known."""
    words, lesson = split(text), learned()
    known = sum(word in lesson.words for word in words)
    return likelihoods(text, lesson) if words and known >= KNOWN * len(words) else None


def asks(text: str) -> bool:
    """Whether it ends with a question."""
    return text.rstrip().endswith("?")


@lru_cache(maxsize=1)
def learned() -> Lesson:
    """What comes with the package."""
    table = json.loads((files("agent.dialog") / "answer_words.json").read_text(encoding="utf-8"))
    weights = {feature: tuple(hundredth / 100 for hundredth in row) for feature, row in table["weights"].items()}
    return Lesson(frozenset(table["words"]), weights)
