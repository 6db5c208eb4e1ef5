from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech import guards
from agent.speech.guards import Decoding


def decoding(
    text: str = "We are open.",
    mean_logprob: float = -0.3,
    compression_ratio: float = 0.8,
    no_speech: float = 0.02,
    capped: bool = False,
) -> Decoding:
    return Decoding(text, mean_logprob, compression_ratio, no_speech, capped=capped)


@pytest.mark.parametrize(("seconds", "window"), [(0.3, 10), (5, 10), (6, 10), (7, 11), (20, 24), (26, 30), (60, 30)])
def test_window_is_long_enough_and_never_longer_than_whispers(seconds: float, window: float) -> None:
    assert guards.window_s(seconds) == window


@given(st.floats(0, guards.LONGEST_SHORT_S))
def test_a_short_utterance_fits_into_its_window(seconds: float) -> None:
    assert seconds + guards.WINDOW_MARGIN_S <= guards.window_s(seconds) <= guards.FULL_WINDOW_S
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
    assert guards.trusted_text(heard) == text


@given(st.text(), st.floats(-5, 0), st.floats(0, 5), st.floats(0, 1), st.booleans())
def test_trusted_text_is_the_text_or_nothing(
    text: str, mean_logprob: float, ratio: float, no_speech: float, capped: bool
) -> None:
    trusted = guards.trusted_text(Decoding(text, mean_logprob, ratio, no_speech, capped=capped))
    assert trusted in {"", " ".join(text.split())}
