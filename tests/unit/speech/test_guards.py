from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech import guards
from agent.speech.guards import Decoding, Window


def decoding(
    text: str = "We are open.",
    mean_logprob: float = -0.3,
    compression_ratio: float = 0.8,
    no_speech: float = 0.02,
    capped: bool = False,
) -> Decoding:
    return Decoding(text, mean_logprob, compression_ratio, no_speech, capped=capped)


@pytest.mark.parametrize(
    ("seconds", "computed", "whole"), [(0.3, 3, 10), (3, 4, 10), (6, 7, 10), (7, 8, 11), (20, 21, 24), (26, 27, 30)]
)
def test_the_first_window_computes_little_and_shows_more(seconds: float, computed: float, whole: float) -> None:
    first, second, third = guards.windows(seconds)
    assert first == Window(computed, whole)
    assert second == Window(whole, whole)
    assert third == Window(30, 30)


@given(st.floats(0, guards.LONGEST_SHORT_S))
def test_an_utterance_fits_into_each_of_its_windows(seconds: float) -> None:
    for window in guards.windows(seconds):
        assert seconds + guards.COMPUTED_MARGIN_S <= window.computed_s <= window.whole_s <= guards.FULL_WINDOW_S
    assert 10 <= guards.token_limit(seconds) <= 10 + 6 * seconds


@pytest.mark.parametrize(
    ("heard", "suspect"),
    [
        (decoding(), False),
        (decoding(capped=True), True),
        (decoding(compression_ratio=2.0), True),
        (decoding(mean_logprob=-1.2), True),
        (decoding(mean_logprob=-1.6, no_speech=0.9), False),  # noise: a second pass would only cost time
    ],
)
def test_what_is_worth_a_second_pass(heard: Decoding, suspect: bool) -> None:
    assert guards.is_suspect(heard) is suspect


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("Press 4 to place a call. Press 4 to place a call.", True),
        ("Yes. Press 4 to place a call. Press 4 to place a call.", True),
        ("Press 4 to place a call. Press 4 to", True),
        ("Second. Second. Second.", True),
        ("No, no, no, no.", True),  # perhaps said so: the next pass tells
        ("No, no.", False),
        ("Press 4 to place a call.", False),
        ("Press 4 to place a call. Press 4.", False),
        ("", False),
    ],
)
def test_what_is_said_again_is_suspect_once(text: str, again: bool) -> None:
    assert guards.says_it_again(text) is again
    assert guards.is_suspect(decoding(text)) is again
    assert not guards.is_suspect(decoding(text), first=False)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Subtitles by the Amara.org community", "en"),
        ("Untertitel der Amara.org-Community", "de"),
        ("Untertitelung des ZDF, 2020", "de"),
        ("Sous-titres réalisés par la communauté d'Amara.org", "fr"),
        ("Sous-titrage Société Radio-Canada", "fr"),
        ("¡Gracias por ver el video!", "es"),
        ("Sottotitoli e revisione a cura di QTSS", "it"),
        ("Sottotitoli creati dalla comunità Amara.org", "en"),
    ],
)
def test_credits_are_never_said(text: str, language: str) -> None:
    assert guards.trusted_text(decoding(text, no_speech=0.0), language) == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [("Thank you.", "en"), ("Vielen Dank.", "de"), ("Merci.", "fr"), ("Gracias.", "es"), ("Grazie.", "it")],
)
def test_a_courtesy_is_heard_if_it_was_said_clearly_and_only_then(text: str, language: str) -> None:
    assert guards.trusted_text(decoding(text, no_speech=0.3), language) == text
    assert guards.trusted_text(decoding(text, no_speech=0.7), language) == ""
    assert guards.trusted_text(decoding(f"{text} Hello", no_speech=0.7), language) == f"{text} Hello"


@pytest.mark.parametrize(
    ("text", "language"), [("Yes.", "en"), ("Okay.", "en"), ("No.", "en"), ("Ja.", "de"), ("Oui.", "fr"), ("A", "en")]
)
def test_an_answer_is_no_courtesy(text: str, language: str) -> None:
    assert guards.trusted_text(decoding(text, no_speech=0.9), language) == text


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        (decoding(), "We are open."),
        (decoding("  We\n are  open. "), "We are open."),
        (decoding("Thank you."), "Thank you."),  # said, not invented
        (decoding("Bye.", no_speech=0.5), "Bye."),  # said on a noisy line
        (decoding("Yes.", mean_logprob=-1.3), "Yes."),  # unsure, but somebody spoke
        (decoding("Thank you.", no_speech=0.8), ""),
        (decoding("Thanks for watching!", no_speech=0.7), ""),
        (decoding("you", no_speech=0.9), ""),
        (decoding("I'm going to put the oil in the pan.", mean_logprob=-1.5, no_speech=0.8), ""),
        (decoding("Be Be Be Be Be Be", compression_ratio=2.7), ""),
        (decoding("..."), ""),
        (decoding(""), ""),
        (decoding("What time do you close?", no_speech=0.5), "What time do you close?"),
    ],
)
def test_only_speech_becomes_text(heard: Decoding, text: str) -> None:
    assert guards.trusted_text(heard, "en") == text


@given(st.text(), st.floats(-5, 0), st.floats(0, 5), st.floats(0, 1), st.booleans())
def test_trusted_text_is_the_text_or_nothing(
    text: str, mean_logprob: float, ratio: float, no_speech: float, capped: bool
) -> None:
    trusted = guards.trusted_text(Decoding(text, mean_logprob, ratio, no_speech, capped=capped), "en")
    assert trusted in {"", " ".join(text.split())}
