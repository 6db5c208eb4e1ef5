"""What callees do beside answering: they ask for a moment, for the question again, for a person; they refuse. Pure."""

from __future__ import annotations

import re
from enum import StrEnum


class Manner(StrEnum):
    """What the words are about."""

    WAIT = "wait"
    """The callee needs a moment."""
    REPEAT = "repeat"
    """The callee did not hear, or not understand, what was said last."""
    PERSON = "person"
    """The callee wants to talk with a person."""
    DECLINE = "decline"
    """The callee does not want to go on with this call."""
    DOES_NOT_KNOW = "does not know"
    """The callee cannot, or does not want to, answer the question."""


_PATTERNS: dict[str, tuple[tuple[Manner, re.Pattern[str]], ...]] = {
    "en": (
        (
            Manner.PERSON,
            re.compile(
                r"\b(?:speak|talk|put me through|connect me|transfer me|get me)\b.{0,30}"
                r"\b(?:person|human|someone|somebody|colleague|manager|supervisor|operator|agent|representative|boss)\b"
                r"|\b(?:a |real )(?:real )?(?:person|human)(?: being)?,? please\b"
            ),
        ),
        (
            Manner.DECLINE,
            re.compile(
                r"\bnot interested\b|\bno interest\b|\bleave me alone\b|\b(?:i|we)(?: am|'m)? (?:really )?(?:have"
                r"|got) no time\b"
                r"|\b(?:don't|do not) have (?:the |any )?time (?:for this|right now|now|today)\b|\bnot a good time\b"
                r"|\bbad time\b|\b(?:i'm|i am) (?:in a meeting|driving|busy)\b|\bcall (?:me )?(?:back )?(?:later"
                r"|another time)\b"
                r"|\b(?:don't|do not) want (?:to (?:talk|do this|answer|continue)|this|any of (?:this|that))\b"
                r"|\bi(?:'m| am) (?:going to )?hang(?:ing)? up\b|\bgo away\b|\bwrong number\b"
            ),
        ),
        (
            Manner.WAIT,
            re.compile(
                r"\b(?:hold|hang) on\b|\b(?:one|just a|a|wait a|give me a) (?:moment|second|sec|minute)\b(?!.*\?)"
                r"|\blet me (?:see|think|check|look|get)\b|^\W*wait\W*$"
            ),
        ),
        (
            Manner.REPEAT,
            re.compile(
                r"\b(?:say|repeat) (?:that|it|this|the question)?\s?(?:again|please|once more)?\b(?=.*(?:again"
                r"|repeat|once more))"
                r"|\bcan you repeat\b|\bcould you repeat\b|\brepeat that\b|\bpardon\b|\bcome again\b|\bonce more\b"
                r"|^\W*(?:sorry|what|excuse me|huh)\W*$|\b(?:didn't|did not|couldn't|can't|cannot) (?:hear|catch"
                r"|get|understand)\b"
                r"|\bwhat (?:did|was) (?:you|that|it|the question)\b"
            ),
        ),
        (
            Manner.DOES_NOT_KNOW,
            re.compile(
                r"\b(?:i )?(?:don't|do not|dunno|wouldn't) know\b|\bno idea\b|\bnot sure\b|\brather not\b"
                r"|\bprefer not\b"
                r"|\bnone of your business\b|\b(?:don't|do not) (?:want to|wanna) (?:say|tell)\b|\bskip\b|\bcan't say\b"
                r"|\b(?:don't|do not) have (?:one|it|an? \w+)\b"
            ),
        ),
    ),
    "de": (
        (
            Manner.PERSON,
            re.compile(
                r"\b(?:sprechen|reden|verbinden|durchstellen|geben)\b.{0,30}\b(?:menschen|person|mitarbeiter\w*"
                r"|kolleg\w+|chef\w*|jemand\w*)\b"
                r"|\b(?:menschen|person|mitarbeiter\w*|kolleg\w+|chef\w*|jemand\w*)\b.{0,30}\b(?:sprechen|reden"
                r"|verbinden|durchstellen)\b"
            ),
        ),
        (
            Manner.DECLINE,
            re.compile(
                r"\b(?:kein|nicht) interess\w+\b|\bkeine zeit\b|\blassen sie mich in ruhe\b|\b(?:passt"
                r"|ist) (?:gerade|jetzt) (?:nicht|schlecht|ungünstig)\b"
                r"|\bspäter (?:noch ?mal|wieder) an\w*\b|\bich lege (?:jetzt )?auf\b|\bfalsch verbunden\b"
                r"|\bfalsche nummer\b"
            ),
        ),
        (
            Manner.WAIT,
            re.compile(
                r"\b(?:einen |ein )?(?:moment|augenblick|sekunde)(?: bitte| mal)?\W*$"
                r"|\blassen sie mich (?:mal )?(?:sehen|überlegen|nachsehen)\b"
            ),
        ),
        (
            Manner.REPEAT,
            re.compile(
                r"\b(?:noch ?mal|noch einmal|wiederhol\w+)\b|^\W*(?:wie bitte|was|bitte|entschuldigung|hä)\W*$"
                r"|\bnicht (?:verstanden|gehört)\b|\bwas (?:haben sie|war)\b"
            ),
        ),
        (
            Manner.DOES_NOT_KNOW,
            re.compile(
                r"\bweiß (?:ich )?(?:es )?nicht\b|\bkeine ahnung\b|\blieber nicht\b|\bnicht sicher\b"
                r"|\bhabe (?:ich )?(?:keine|nicht)\b"
            ),
        ),
    ),
}
_QUESTION: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"^(?:(?:and|but|so|well|okay|ok|wait|sorry|hello|hi|um|yes|no|hold on|excuse me|by the way)[,\s]+)*"
        r"(?:what|what's|who|who's|whom|whose|why|where|when|which|how|do you|does|did|is (?:it|this|that|there|he"
        r"|she)|are (?:you|there|they)"
        r"|can (?:you|i|we)|could (?:you|i)|will (?:you|it|there)|would (?:you|it)|have you|am i|should i|may i)\b"
    ),
    "de": re.compile(
        r"^(?:(?:und|aber|also|moment|hallo|äh|ja|nein|entschuldigung)[,\s]+)*"
        r"(?:was|wer|wem|wen|wessen|warum|wieso|weshalb|wo|woher|wohin|wann|welche\w?|wie|haben sie|ist (?:das|es"
        r"|da)|sind sie|kann ich"
        r"|können sie|könnten sie|werden sie|darf ich|muss ich|gibt es|kostet)\b"
    ),
}
_SUGGESTS: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:how|what) about\b|\bwould \w+ (?:work|be (?:ok|okay|possible|fine))\b|\bis \w+ (?:ok|okay|possible"
        r"|fine|free)\b"
    ),
    "de": re.compile(r"\bwie (?:wäre|ist|wär)\b|\bgeht\b|\bpasst\b|\bginge\b"),
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def manner(text: str, language: str) -> Manner | None:
    """The first that fits, None where the words are about something else."""
    said = " ".join(text.lower().replace("’", "'").split())
    patterns = _PATTERNS.get(language.lower()[:2], ())
    return next((kind for kind, pattern in patterns if pattern.search(said)), None)


def question_in(text: str, language: str) -> str:
    """The sentence in which the callee asks something, as it stands; empty where there is none.

    Whoever asks whether a day would do ("How about Tuesday?") suggests it.
    """
    code = language.lower()[:2]
    begins, suggests = _QUESTION.get(code), _SUGGESTS.get(code)
    for sentence in _SENTENCE.split(text.strip()):
        plain = " ".join(sentence.lower().replace("’", "'").split())
        if suggests is not None and suggests.search(plain):
            continue
        if begins is not None and begins.search(plain):
            return sentence
        if begins is None and plain.endswith("?"):
            return sentence
    return ""
