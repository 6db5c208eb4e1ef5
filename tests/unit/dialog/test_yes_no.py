from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.yes_no import LANGUAGES, YesNo, yes_or_no
from agent.speech.stt import DETECT

YES, NO, UNCLEAR = YesNo.YES, YesNo.NO, YesNo.UNCLEAR


@pytest.mark.parametrize(
    ("language", "text", "meant"),
    [
        ("en", "Yes.", YES),
        ("en", "Yeah, sure.", YES),
        ("en", "Um, okay.", YES),
        ("en", "Yes, please go ahead.", YES),
        ("en", "No problem.", YES),
        ("en", "No, no problem at all.", NO),
        ("en", "I don't mind.", YES),
        ("en", "Sure, why not.", YES),
        ("en", "Yes, yes, that's fine by me, and I would like to book an appointment for tomorrow.", YES),
        ("en", "No.", NO),
        ("en", "No, thank you.", NO),
        ("en", "Nope.", NO),
        ("en", "I'd rather not.", NO),
        ("en", "Please don't.", NO),
        ("en", "I do not want that.", NO),
        ("en", "Yes, but do not record it.", NO),
        ("en", "Of course not.", NO),
        ("en", "Not okay.", NO),
        ("en", "May we record this call? Please say yes or no.", NO),
        ("en", "", UNCLEAR),
        ("en", "...", UNCLEAR),
        ("en", "What?", UNCLEAR),
        ("en", "Yes?", UNCLEAR),
        ("en", "Hello, I need a dentist.", UNCLEAR),
        ("en", "I want to ask something about my daughter and I am sure that you know her.", UNCLEAR),
        ("en", "Yesterday.", UNCLEAR),
        ("en", "Nothing.", UNCLEAR),
        ("en", "Ja.", UNCLEAR),
        ("en-GB", "Yes.", YES),
        ("de", "Ja.", YES),
        ("de", "Ja, gerne.", YES),
        ("de", "Klar, kein Problem.", YES),
        ("de", "Ich habe nichts dagegen.", YES),
        ("de", "In Ordnung.", YES),
        ("de", "Nein.", NO),
        ("de", "Nein, danke.", NO),
        ("de", "Nee.", NO),
        ("de", "Lieber nicht.", NO),
        ("de", "Ich bin dagegen.", NO),
        ("de", "Auf keinen Fall.", NO),
        ("de", "Ja, aber bitte nicht aufzeichnen.", NO),
        ("de", "Wie bitte?", UNCLEAR),
        ("fr", "Oui, d’accord.", YES),
        ("fr", "Pas de problème.", YES),
        ("fr", "Non merci.", NO),
        ("fr", "Je ne suis pas d'accord.", NO),
        ("es", "Sí, claro.", YES),
        ("es", "No hay problema.", YES),
        ("es", "No.", NO),
        ("it", "Va bene.", YES),
        ("it", "Non c'è problema.", YES),
        ("it", "Preferisco di no.", NO),
        ("nl", "Ja, geen probleem.", YES),
        ("nl", "Liever niet.", NO),
        ("pl", "Tak.", UNCLEAR),
        (DETECT, "Yes.", YES),
        (DETECT, "Ja, klar.", YES),
        (DETECT, "Oui.", YES),
        (DETECT, "No.", NO),
        (DETECT, "Nein.", NO),
        (DETECT, "No problem.", UNCLEAR),  # a yes in English, a no in Spanish
    ],
)
def test_what_is_meant(language: str, text: str, meant: YesNo) -> None:
    assert yes_or_no(text, language) is meant


@given(st.text(max_size=60), st.sampled_from(sorted(LANGUAGES)))
def test_a_plain_no_before_or_after_anything_is_never_a_yes(text: str, language: str) -> None:
    no = {"en": "no", "de": "nein", "fr": "non", "es": "no", "it": "no", "nl": "nee"}[language]
    assert yes_or_no(f"{no}. {text}", language) is not YesNo.YES or "prob" in text.lower() or "obj" in text.lower()
    assert yes_or_no(f"{text} {no}", language) is not YesNo.YES


@given(st.text())
def test_any_text_is_judged_in_any_language(text: str) -> None:
    for language in (*LANGUAGES, DETECT, "xx", ""):
        assert yes_or_no(text, language) in YesNo
