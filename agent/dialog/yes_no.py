"""Whether words mean yes or no. Pure; made for consent: what is not clear is neither, and a no outweighs a yes."""

from __future__ import annotations

import re
from enum import StrEnum

from agent.speech.stt import DETECT

MOST_WORDS = 8
"""A longer answer counts by how it begins; a "sure" in the middle of a story is no consent."""
BEGINNING = 4

_NOT_A_WORD = re.compile(r"[^\w']+", re.UNICODE)


class YesNo(StrEnum):
    """What was meant."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


# fmt: off
_YES: dict[str, tuple[str, ...]] = {
    "en": (
        "yes", "yeah", "yep", "yup", "yea", "ya", "aye", "sure", "ok", "okay", "of course", "certainly", "absolutely",
        "definitely", "all right", "alright", "that's fine", "that is fine", "it's fine", "fine by me", "fine with me",
        "go ahead", "you may", "you can", "please do", "i agree",
        "i consent", "agreed", "correct", "no problem", "no problem at all", "i don't mind", "i do not mind",
        "don't mind", "not a problem", "no objection", "no objections", "why not", "be my guest",
    ),
    "de": (
        "ja", "jawohl", "jo", "jup", "jep", "jaja", "klar", "sicher", "gerne", "gern", "natürlich",
        "selbstverständlich",
        "okay", "ok", "in ordnung", "einverstanden", "von mir aus", "meinetwegen", "machen sie", "dürfen sie", "passt",
        "können sie", "das dürfen sie", "kein problem", "nichts dagegen", "habe nichts dagegen", "hab nichts dagegen",
        "kein einwand", "keine einwände", "warum nicht", "ich stimme zu", "stimme zu", "mache ich",
    ),
    "fr": (
        "oui", "ouais", "d'accord", "bien sûr", "ok", "okay", "certainement", "volontiers", "allez y",
        "pas de problème",
        "aucun problème", "pas de souci", "pourquoi pas", "j'accepte", "je suis d'accord",
    ),
    "es": (
        "sí", "si", "claro", "vale", "de acuerdo", "por supuesto", "desde luego", "está bien", "ok", "okay", "adelante",
        "no hay problema", "sin problema", "ningún problema", "cómo no", "acepto", "por qué no",
    ),
    "it": (
        "sì", "si", "certo", "certamente", "va bene", "d'accordo", "ok", "okay", "volentieri", "faccia pure", "prego",
        "nessun problema", "non c'è problema", "perché no", "accetto",
    ),
    "nl": (
        "ja", "jawel", "prima", "goed", "zeker", "natuurlijk", "oké", "ok", "okay", "akkoord", "mag", "geen probleem",
        "geen bezwaar", "waarom niet",
    ),
}
_NO: dict[str, tuple[str, ...]] = {
    "en": (
        "no", "nope", "nah", "not", "never", "don't", "do not", "rather not", "won't", "can't", "cannot", "decline",
        "refuse", "stop", "without", "against", "object", "disagree",
    ),
    "de": (
        "nein", "nee", "ne", "nö", "nicht", "nie", "niemals", "kein", "keine", "keinen", "ungern", "ohne", "dagegen",
        "lieber nicht", "auf keinen fall", "ablehne", "lehne",
    ),
    "fr": ("non", "pas", "jamais", "refuse", "aucun", "sans"),
    "es": ("no", "nunca", "jamás", "tampoco", "rechazo", "sin"),
    "it": ("no", "non", "mai", "rifiuto", "senza"),
    "nl": ("nee", "neen", "niet", "nooit", "geen", "liever niet", "zonder"),
}
# fmt: on
"""Of a language in which a word means yes that says no elsewhere, only its own list counts."""

LANGUAGES = frozenset(_YES)


def yes_or_no(text: str, language: str) -> YesNo:
    """What `text` means, in `language` (ISO 639-1, or DETECT: any of LANGUAGES, unless they contradict each other).

    Words of yes that hold a negation ("no problem") are yes; any other negation is no, whatever stands beside it.
    A question ("Yes?") and words of a language that is not known are unclear.
    """
    words = _words(text)
    if not words or text.rstrip().endswith("?"):
        return YesNo.UNCLEAR
    codes = LANGUAGES if language == DETECT else LANGUAGES & {language.lower()[:2]}
    found = {_in_one_language(words, code) for code in codes} - {YesNo.UNCLEAR}
    return found.pop() if len(found) == 1 else YesNo.UNCLEAR


def _in_one_language(words: list[str], code: str) -> YesNo:
    said = f" {' '.join(words)} "
    yes = sorted(_YES[code], key=len, reverse=True)
    rest = said
    for phrase in yes:
        rest = rest.replace(f" {phrase} ", "  ")
    if any(f" {phrase} " in f" {' '.join(rest.split())} " for phrase in _NO[code]):
        return YesNo.NO
    looked_at = said if len(words) <= MOST_WORDS else f" {' '.join(words[:BEGINNING])} "
    return YesNo.YES if any(f" {phrase} " in looked_at for phrase in yes) else YesNo.UNCLEAR


def _words(text: str) -> list[str]:
    return [word for word in _NOT_A_WORD.split(text.lower().replace("’", "'")) if word]
