"""What the agent's last words ask for: a number, an e-mail address, a spelling, yes or no, or something else.

Reads only words; by language for English and German, by the question mark for the others.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Asked(StrEnum):
    """The kind of answer that is expected."""

    NOTHING = "nothing"
    """The agent asked no question, or has not spoken yet."""
    OPEN = "open"
    CHOICE = "choice"
    """Yes or no, or one of two."""
    NUMBER = "number"
    """Digits: a telephone, customer or order number, a postcode."""
    EMAIL = "email"
    SPELLING = "spelling"
    """A name, or a word letter by letter."""


_REQUESTS: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:what(?:'s| is)|may i have|can i (?:have|get|take)|could (?:i|you)|can you|please|tell me|give me|say)\b"
    ),
    "de": re.compile(r"\b(?:wie (?:ist|lautet|heißen|war)|darf ich|können sie|könnten sie|bitte|nennen|sagen sie)\b"),
}
_EMAIL: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\be-?mail\b"),
    "de": re.compile(r"\b(?:e-?mail|mailadresse)\b"),
}
_NUMBER: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:numbers?|digits?|zip|postcode|postal code|pin|passcode|extension|account)\b"),
    "de": re.compile(r"(?:nummern?|ziffern?|postleitzahl|\bplz|\bpin|durchwahl)\b"),
}
_SPELLING: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:spell\w*|letters?|(?:your|full|last|first|sur)\s?name)\b"),
    "de": re.compile(r"(?:buchstabier\w*|\b(?:ihr|ihren|vor|nach|familien)-?\s?namen?|wie heißen sie)\b"),
}
_CHOICE: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"^(?:(?:and|so|okay|great|then|all right),? )?(?:do|does|did|is|are|was|were|will|would|shall|should|can"
        r"|could|have|has|may|might|am|isn't|aren't|don't|doesn't|won't|wouldn't|right|correct|okay)\b"
    ),
    "de": re.compile(
        r"^(?:(?:und|also|gut|dann),? )?(?:ist|sind|war|waren|haben|hat|möchten|wollen|soll|sollen|darf|kann|können"
        r"|könnten|wird|werden|würden|geht|passt|stimmt|richtig|brauchen|gibt)\b"
    ),
}
_OPEN_WORD: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:what|when|where|which|who|whom|whose|why|how)\b"),
    "de": re.compile(r"\b(?:was|wann|wo|wohin|woher|welche[mnrs]?|wer|wem|wen|wessen|warum|wieso|wie|womit|worum)\b"),
}
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


def asked_by(agent_words: str, language: str) -> Asked:
    """What the last sentence of `agent_words` asks for; `language` is ISO 639-1, its region ignored."""
    text = " ".join(agent_words.lower().replace("’", "'").split())
    if not text:
        return Asked.NOTHING
    code = language.lower()[:2]
    last = _SENTENCE_END.split(text)[-1]
    is_question = last.endswith("?")
    requests = _REQUESTS.get(code)
    if not is_question and not (requests and requests.search(last)):
        return Asked.NOTHING
    for kind, patterns in ((Asked.EMAIL, _EMAIL), (Asked.NUMBER, _NUMBER), (Asked.SPELLING, _SPELLING)):
        if code in patterns and patterns[code].search(last) and _wants_it_said(last, code):
            return kind
    if is_question and code in _CHOICE and _CHOICE[code].search(last) and not _OPEN_WORD[code].search(last):
        return Asked.CHOICE
    return Asked.OPEN if is_question else Asked.NOTHING


def _wants_it_said(sentence: str, code: str) -> bool:
    """Not in "Is this your number?", which wants a yes."""
    return bool(_REQUESTS[code].search(sentence))
