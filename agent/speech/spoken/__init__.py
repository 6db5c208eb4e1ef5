"""Written text as a person would say it: no digits, no signs, no markup left for the voice to stumble over.

What espeak-ng, and so Piper, makes of them alone: "$60" is "dollar sixty", "Ms." is "em ess", "Dr. Miller" is two
sentences, "17:00" is "seventeen zero zero", "9-5" is "nine dash five", brackets and dots of thought are not heard.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from agent.speech.spoken import english, german
from agent.speech.spoken.markup import without_markup
from agent.speech.spoken.rules import Stage, rewrite, rewrite_in_stages, rule

ROUNDS = 6
"""What one round uncovers, the next one says: emphasis around emphasis, a sign behind a sign. Two are usual."""

_WORD = re.compile(r"[^\W_]+")
_VULGAR_FRACTION = re.compile(r"(\d?)([\u00bc-\u00be\u2150-\u215e])")
_SIGNS_LEFT = [rule(r"[\\^{}<>~|_=\[\]#§%&+@*/`¬°$€£¥±]", " ")]
_PAUSES = [
    rule(r"(?<=[^\W\d_])\((s|es|en|e|n|r|er|in|nen|innen|ren)\)", r"\1"),
    rule(r"[ ,]{0,8}[([][ ,]{0,8}", ", "),
    rule(r"[ ,]{0,8}[)\]](?=[ ,]{0,8}(?:[.!?;:]|$))", ""),
    rule(r"[ ,]{0,8}[)\]][ ,]{0,8}", ", "),
    rule(r"(?:\. ?){2,40}(?=\s*$)|…(?=\s*$)", "."),
    rule(r"(?:\. ?){2,40}(?= ?[A-Z])|…(?= [A-Z])", ". "),
    rule(r"(?:\. ?){2,40}|…", ", "),
    rule(r" ?[–—→←↔⇒] ?| -{1,3} ?(?=[^\d])| ?-- ?", ", "),
]
_TIDY = [
    rule(r"\s+", " "),
    rule(r"(?<=[^\W\d])-(?!\w)|(?<!\w)-(?=\w)", " "),
    rule(r" (?=[,.;:!?])", ""),
    rule(r"!{2,80}", "!"),
    rule(r"[?!]{0,40}\?[?!]{1,40}|!\?", "?"),
    rule(r"[,;:]{2,80}", ","),
    rule(r"[,;:](?=[.!?])", ""),
    rule(r"(?<=[.!?])[,;:.]{1,80}", ""),
    rule(r"(?:^|(?<=[.!?] ))[\s,;:.!?'-]{1,80}(?=\w)", ""),
    rule(r",(?=[^\W\d])", ", "),
    rule(r"\s+", " "),
]


def spoken(text: str, language: str) -> str:
    """`text` for the voice; `language` is a code like "en" or "de-AT".

    English and German in full; of other languages only markup, emoji and spaces are taken out and numbers are left to
    the voice. Doing it twice changes nothing, and a text with letters or digits never becomes empty.
    """
    said = _settled(text, language)
    if _has_words(said) or not _has_words(text):
        return said
    words_alone = " ".join(_WORD.findall(text))
    return _settled(words_alone, language) or words_alone


def _settled(text: str, language: str) -> str:
    for _ in range(ROUNDS):
        before, text = text, _once(text, language[:2].lower())
        if text == before:
            break
    return text


def _once(text: str, language: str) -> str:
    stages = _stages(language)
    if not stages:
        return without_markup(text)
    plain = without_markup(unicodedata.normalize("NFKC", _VULGAR_FRACTION.sub(_plain_fraction, text)))
    ascii_digits = "".join(_ascii_digit(character) for character in plain)
    return rewrite(rewrite(rewrite(rewrite_in_stages(ascii_digits, stages), _PAUSES), _SIGNS_LEFT), _TIDY).strip()


@cache
def _stages(language: str) -> list[Stage]:
    return {"en": english.stages, "de": german.stages}.get(language, list)()


def _plain_fraction(match: re.Match[str]) -> str:
    written = unicodedata.normalize("NFKC", match[2]).replace("\u2044", "/")
    return f"{match[1]} {written}" if match[1] else written


def _ascii_digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() and not character.isascii() else character


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)
