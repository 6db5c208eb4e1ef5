from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.overlap import is_backchannel, is_echo, takes_the_turn

STATEMENT = "We are open from nine until one on Saturdays, and closed on Sundays."
QUESTION = "We have a free place at ten. Would that suit you?"


@pytest.mark.parametrize(
    "text",
    ["Mm-hmm.", "Uh-huh.", "mhm", "Hmm...", "Yeah.", "Okay, yeah.", "Right.", "I see.", "Oh, I see."],
)
def test_what_shows_that_one_listens_does_not_want_the_turn(text: str) -> None:
    assert is_backchannel(text, "en")
    assert not takes_the_turn(text, speech_ms=800, language="en", agent_text=STATEMENT)


@pytest.mark.parametrize(
    "text", ["Stop.", "No.", "Wait.", "Excuse me.", "Okay, but what about Sunday?", "Yes, please book it.", "Hello?"]
)
def test_words_want_the_turn(text: str) -> None:
    assert takes_the_turn(text, speech_ms=800, language="en", agent_text=STATEMENT)


@pytest.mark.parametrize("text", ["Yes.", "Okay.", "Sure."])
def test_after_a_question_a_yes_is_an_answer(text: str) -> None:
    assert takes_the_turn(text, speech_ms=800, language="en", agent_text=QUESTION)


def test_a_hum_is_no_answer_even_after_a_question() -> None:
    assert not takes_the_turn("Mm-hmm.", speech_ms=800, language="en", agent_text=QUESTION)


@pytest.mark.parametrize("text", ["Hair.", "And"])
def test_a_stray_word_is_what_a_recogniser_makes_of_a_sound(text: str) -> None:
    assert not takes_the_turn(text, speech_ms=800, language="en", agent_text=STATEMENT)
    assert takes_the_turn(text, speech_ms=800, language="en", agent_text=QUESTION)


@pytest.mark.parametrize("text", ["Good health.", "Good-huh.", "The huh?"])
def test_a_sound_of_less_than_half_a_second_needs_a_word_that_stops_people(text: str) -> None:
    assert not takes_the_turn(text, speech_ms=448, language="en", agent_text=STATEMENT)
    assert takes_the_turn(text, speech_ms=800, language="en", agent_text=STATEMENT)
    assert takes_the_turn(text, speech_ms=448, language="en", agent_text=QUESTION)


@pytest.mark.parametrize("text", ["Hang on.", "One sec.", "Not that.", "Excuse me."])
def test_a_short_call_to_stop_is_obeyed(text: str) -> None:
    assert takes_the_turn(text, speech_ms=320, language="en", agent_text=STATEMENT)


def test_german_backchannels() -> None:
    assert is_backchannel("Ach so, ", "de")
    assert is_backchannel("Ja, genau.", "de")
    assert not is_backchannel("Nein.", "de")


def test_the_agents_own_words_coming_back_do_not_stop_it() -> None:
    assert is_echo("open from nine until one on", STATEMENT)
    assert is_echo("open from mine until one on Saturdays", STATEMENT)
    assert not takes_the_turn("from nine until one on Saturdays", speech_ms=800, language="en", agent_text=STATEMENT)
    assert takes_the_turn("until nine?", speech_ms=800, language="en", agent_text=STATEMENT)
    assert takes_the_turn("what if I come on Sundays", speech_ms=800, language="en", agent_text=STATEMENT)


@given(st.text(max_size=80), st.text(max_size=200), st.sampled_from(["en", "de", "fr", "xx"]))
def test_any_text_is_judged(text: str, agent_text: str, language: str) -> None:
    assert takes_the_turn(text, speech_ms=800, language=language, agent_text=agent_text) in {True, False}
