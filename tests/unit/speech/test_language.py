from __future__ import annotations

from agent.speech.language import CallLanguage
from agent.speech.stt import DETECT, Transcript


def heard(text: str, language: str) -> Transcript:
    return Transcript(text, 0.1, language=language)


def test_a_fixed_language_stays() -> None:
    call = CallLanguage("de")
    call.understood(heard("Hello there.", "en"), speech_ms=3000)
    assert call.language == "de"


def test_the_first_real_utterance_decides_for_the_whole_call() -> None:
    call = CallLanguage(DETECT)
    assert call.language == DETECT
    call.understood(heard("Bonjour madame.", "fr"), speech_ms=1000)
    assert call.language == "fr"
    call.understood(heard("Okay, thank you.", "en"), speech_ms=3000)
    assert call.language == "fr"


def test_short_words_noises_and_ears_that_do_not_say_decide_nothing() -> None:
    call = CallLanguage(DETECT)
    call.understood(heard("Okay.", "en"), speech_ms=999)
    call.understood(heard("", "ru"), speech_ms=5000)
    call.understood(heard("Bonjour madame.", ""), speech_ms=5000)
    assert call.language == DETECT
