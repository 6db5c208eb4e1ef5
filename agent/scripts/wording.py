"""Whether what a script says can be said: no signs for the eye, no gaps left to fill, nothing forbidden. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.domain.script import CallScript
from agent.domain.script_finding import Finding, FindingCode, Severity
from agent.domain.script_text import without_places
from agent.scripts.texts import Text, texts
from agent.speech.spoken import spoken
from agent.speech.spoken.markup import without_markup

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_GAP = re.compile(
    r"\[[^\]\n]{0,60}\]|<[^>\n]{1,60}>|\{+[^{}\n]{0,60}\}+|_{2,}|\b(?:TODO|TBD|XX+|lorem ipsum)\b"
    r"|\b(?:[Yy]our|[Mm]y|[Tt]he|[Oo]ur) (?:Name|Company|Company Name|Organization|Phone Number|Business Name)\b"
)
_SIGNS = re.compile(r"[\\^{}<>~|_=\[\]#*`]")
_QUOTES = str.maketrans(dict.fromkeys('“”„‟«»"') | dict.fromkeys("‘’‚‛´", "'"))
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_INSTEAD = "so"
"""Stands where a value will be: a plain word in every language."""


def wording(script: CallScript) -> Iterator[Finding]:
    """Findings about single texts."""
    banned = [(phrase, _plain_words(phrase)) for phrase in script.forbidden]
    for text in texts(script):
        yield from _unspeakable(text, script.language)
        yield from _forbidden(text, banned)
    if script.disclosures and "?" in script.opening:
        yield Finding(
            code=FindingCode.QUESTION_BEFORE_DISCLOSURE,
            path="/opening",
            message="The opening asks something before the disclosures were said; ask it in the first state.",
        )
    for at, slot in enumerate(script.slots):
        if "?" not in slot.ask:
            yield Finding(
                code=FindingCode.NOT_A_QUESTION,
                severity=Severity.WARNING,
                path=f"/slots/{at}/ask",
                message=f'"{slot.ask}" does not end in a question, so people may wait for more.',
            )


def _unspeakable(text: Text, language: str) -> Iterator[Finding]:
    words = without_places(text.words, _INSTEAD)
    gap = _GAP.search(words)
    link = _LINK.search(words)
    if gap is not None:
        yield Finding(
            code=FindingCode.PLACEHOLDER,
            path=text.path,
            message=f'"{gap[0]}" is a gap that nobody fills; write the words, or declare a variable and write '
            "{{its_name}}.",
        )
    elif link is not None:
        yield Finding(
            code=FindingCode.UNSPEAKABLE,
            path=text.path,
            message=f'"{link[0]}" cannot be said on the telephone; say where to look in words.',
        )
    elif sign := _sign(words):
        yield Finding(
            code=FindingCode.UNSPEAKABLE, path=text.path, message=f'"{sign}" is made for the eye and cannot be said.'
        )
    elif not any(character.isalnum() for character in spoken(words, language)):
        yield Finding(code=FindingCode.UNSPEAKABLE, path=text.path, message="There is no word in it.")


def _sign(words: str) -> str:
    """The first piece that the voice would have to leave out; empty where there is none."""
    found = _SIGNS.search(words)
    if found is not None:
        return found[0]
    read, written = without_markup(words).translate(_QUOTES).split(), words.translate(_QUOTES).split()
    return next((piece for piece in written if piece not in read), "") if read != written else ""


def _forbidden(text: Text, banned: list[tuple[str, list[str]]]) -> Iterator[Finding]:
    said = _plain_words(text.words)
    for phrase, wanted in banned:
        length = len(wanted)
        if wanted and any(said[at : at + length] == wanted for at in range(len(said) - length + 1)):
            yield Finding(
                code=FindingCode.FORBIDDEN_CLAIM,
                path=text.path,
                message=f'It says "{phrase}", which this script must not claim.',
            )


def _plain_words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text.replace("’", "'"))]
