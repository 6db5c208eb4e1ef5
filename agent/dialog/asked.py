"""What the agent's last words ask for: a number, a date, an e-mail address, a spelling, yes or no, or something else.

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
    """Anything may follow: "How can I help you?"."""
    DETAIL = "detail"
    """A word or two: "How many?", "Which day?"."""
    CHOICE = "choice"
    """Yes or no, or one of two."""
    TELEPHONE = "telephone"
    NUMBER = "number"
    """Any other: of a customer, an order, a card; a postcode."""
    DATE_OF_BIRTH = "date of birth"
    EMAIL = "email"
    SPELLING = "spelling"
    """A name, or a word letter by letter."""


_REQUESTS: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:what(?:'s| is| was)|when|which|may i have|can i (?:have|get|take)|could (?:i|you)|can you|please|tell me"
        r"|give me|say)\b"
    ),
    "de": re.compile(
        r"\b(?:wie (?:ist|lautet|heißen|war)|wann|unter welcher|welche|darf ich|können sie|könnten sie|bitte|nennen"
        r"|sagen sie)\b"
    ),
}
_EMAIL: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\be-?mail\b"),
    "de": re.compile(r"\b(?:e-?mail|mailadresse)\b"),
}
_NUMBER: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:numbers?|digits?|zip|postcode|postal code|pin|passcode|extension|account)\b"),
    "de": re.compile(r"(?:nummern?|ziffern?|postleitzahl|\bplz|\bpin|durchwahl)\b"),
}
_TELEPHONE: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:(?:tele)?phone|mobile|cell(?:phone)?|contact|callback|call back|reach)\b.*\b(?:number|you)\b"
    ),
    "de": re.compile(r"(?:telefonnummer|handynummer|mobilnummer|rufnummer|rückrufnummer|erreichen)\b"),
}
_DATE_OF_BIRTH: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:date of birth|birth ?date|birthday|born)\b"),
    "de": re.compile(r"\b(?:geburtsdatum|geburtstag|geboren)\b"),
}
_SPELLING: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:spell\w*|letters|letter by letter|(?:your|full|last|first|sur)\s?name)\b"),
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
_DETAIL: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:how (?:many|much|old|long|often|big|far|soon)|which|when|where|who|whose"
        r"|what (?:time|day|date|month|year|size|colou?r|kind|city|street|word|floor|address))\b"
    ),
    "de": re.compile(
        r"\b(?:wie ?(?:viele?|alt|lange|oft|groß|weit|bald)|welche[mnrs]?|wann|wo|wer|wessen|um wie viel uhr"
        r"|was für)\b"
    ),
}
_OPEN_WORD: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:what|when|where|which|who|whom|whose|why|how)\b"),
    "de": re.compile(r"\b(?:was|wann|wo|wohin|woher|welche[mnrs]?|wer|wem|wen|wessen|warum|wieso|wie|womit|worum)\b"),
}
_THINGS = (
    (Asked.EMAIL, _EMAIL),
    (Asked.DATE_OF_BIRTH, _DATE_OF_BIRTH),
    (Asked.TELEPHONE, _TELEPHONE),
    (Asked.NUMBER, _NUMBER),
    (Asked.SPELLING, _SPELLING),
)
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
    for kind, patterns in _THINGS:
        if code in patterns and patterns[code].search(last) and _wants_it_said(last, code):
            return kind
    if is_question and code in _CHOICE and _CHOICE[code].search(last) and not _OPEN_WORD[code].search(last):
        return Asked.CHOICE
    if is_question and code in _DETAIL and _DETAIL[code].search(last):
        return Asked.DETAIL
    return Asked.OPEN if is_question else Asked.NOTHING


def _wants_it_said(sentence: str, code: str) -> bool:
    """Not in "Is this your number?", which wants a yes."""
    return bool(_REQUESTS[code].search(sentence))
