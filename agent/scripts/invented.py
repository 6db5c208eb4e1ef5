"""What a model put into a script that nobody told it: numbers, and names of people and companies. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding, FindingCode
from agent.domain.script_text import without_places
from agent.scripts.fixed_words import words_of
from agent.scripts.prompts import EXAMPLE_SENTENCES
from agent.scripts.texts import texts

_NUMBER = re.compile(r"\d+")
_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][a-z][A-Za-z]*(?:'s)?")
_NO_NAMES = frozenset({"I", "Mr", "Mrs", "Ms", "Miss", "Sir", "Madam", "English", "German", "Internet", "May"})
_DAYS = {
    "en": re.compile(r"\b(?:today|tonight|tomorrow|yesterday)\b"),
    "de": re.compile(
        r"\b(?:(?:Mon|Diens|Donners|Frei|Sams|Sonn)tag|Mittwoch|Januar|Februar|März|April|Juni|Juli|August|September"
        r"|Oktober|November|Dezember|heute|gestern|morgen|übermorgen)\b"
    ),
}
"""Days and months that are no names by their capital letter alone; "morgen" is tomorrow, "Morgen" the morning."""


def invented(script: CallScript, brief: ScriptBrief) -> Iterator[Finding]:
    """Findings about what the brief does not tell: numbers, days, names, and sentences of the example.

    Names are looked for in English, which writes no noun with a capital letter.
    """
    told = brief.told
    numbers = set(_NUMBER.findall(told))
    known = {word.casefold() for word in re.findall(r"[^\W\d_]+", told)}
    known |= {word.casefold() for word in re.findall(r"[^\W\d_]+", words_of(script.language).assistant)}
    for text in texts(script):
        words = without_places(text.words, "so")
        for number in _NUMBER.findall(words):
            if number not in numbers:
                yield _finding(text.path, number)
        for sentence in EXAMPLE_SENTENCES:
            if sentence in words and known.isdisjoint(_long_words(sentence)):
                yield _finding(text.path, sentence)
        days = _DAYS.get(script.language)
        for day in days.findall(words) if days else ():
            if day.casefold() not in known:
                yield _finding(text.path, day)
        for name in _NAME.findall(words) if script.language == "en" else ():
            plain = name.removesuffix("'s")
            if plain not in _NO_NAMES and plain.casefold() not in known:
                yield _finding(text.path, plain)


def _long_words(text: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"[^\W\d_]{4,}", text)}


def _finding(path: str, what: str) -> Finding:
    return Finding(
        code=FindingCode.INVENTED,
        path=path,
        message=f'It says "{what}", which nobody told; say only what the goal and the facts say, or leave it out.',
    )
