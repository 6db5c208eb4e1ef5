"""Sentences of a written script that are the same in every one, by language. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FixedWords:
    """What the program says by itself."""

    opening: str
    """With places for who calls and what it is about."""
    voicemail: str
    """With the same."""
    assistant: str
    """The disclosure where none is asked for."""
    confirm: str
    """With a place for the value."""
    not_understood: str
    silence: str
    done: str
    """To someone who has answered everything."""
    not_wanted: str
    """To someone whose no ends the call."""
    declined: str
    gave_up: str
    opted_out: str


_ENGLISH = FixedWords(
    opening="Good day, this is %s. I am calling about %s.",
    voicemail="Good day, this is %s. I was calling about %s. Please call us back.",
    assistant="I am an automated assistant.",
    confirm="I understood {{%s}}. Is that right?",
    not_understood="I am sorry, I did not catch that.",
    silence="Are you still there?",
    done="Wonderful, that was all. Thank you for your time. Goodbye.",
    not_wanted="All right. Thank you for telling me. Goodbye.",
    declined="No problem. Thank you for your time. Goodbye.",
    gave_up="I am sorry, we cannot finish this by telephone. Thank you for your time. Goodbye.",
    opted_out="All right, you will not be called again. I am sorry to have disturbed you. Goodbye.",
)
_GERMAN = FixedWords(
    opening="Guten Tag, hier ist %s. Es geht um %s.",
    voicemail="Guten Tag, hier ist %s. Es geht um %s. Bitte rufen Sie uns zurück.",
    assistant="Ich bin ein automatischer Assistent.",
    confirm="Ich habe {{%s}} verstanden. Stimmt das?",
    not_understood="Das habe ich leider nicht verstanden.",
    silence="Sind Sie noch da?",
    done="Sehr schön, das war alles. Vielen Dank für Ihre Zeit. Auf Wiederhören.",
    not_wanted="In Ordnung, danke für die Auskunft. Auf Wiederhören.",
    declined="Kein Problem. Danke für Ihre Zeit. Auf Wiederhören.",
    gave_up="Das können wir leider nicht am Telefon klären. Danke für Ihre Zeit. Auf Wiederhören.",
    opted_out="In Ordnung, Sie werden nicht mehr angerufen. Bitte entschuldigen Sie die Störung. Auf Wiederhören.",
)
WORDS = {"en": _ENGLISH, "de": _GERMAN}
"""Of other languages a draft is made with the English ones, to be translated by hand before it is approved."""


def words_of(language: str) -> FixedWords:
    """Those of the language."""
    return WORDS.get(language, _ENGLISH)
