from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rehearsal.words import contains, first_of, normalise, word_errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Open 9 to 5, isn't it?", "open nine to five isnt it"),
        ("We open at 9:00 a.m.", "we open at nine am"),
        ("9:30 P.M.", "nine thirty pm"),
        ("It costs $45.", "it costs forty five dollars"),
        ("1,250 and 2000 and 107", "one thousand two hundred fifty and two thousand and one hundred seven"),
        ("555-0199", "five hundred fifty five zero one nine nine"),
        ("5550199", "five five five zero one nine nine"),
        ("the 21st, 12th and 30th", "the twenty first twelfth and thirtieth"),
        ("100% & more", "one hundred percent and more"),
        ("“Well” — said O’Neil", "well said oneil"),
        ("", ""),
    ],
)
def test_text_becomes_what_is_said(text: str, words: str) -> None:
    assert normalise(text) == words.split()


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(" ".join(once)) == once


def test_phrases_are_found_as_whole_words() -> None:
    assert contains("We are open from 9 to 5.", "nine")
    assert contains("We are open from nine to five.", "9 TO 5")
    assert not contains("Ninety of them", "nine")
    assert not contains("anything", "...")
    assert first_of("Open at ten.", ["nine", "ten"]) == "ten"
    assert first_of("Open at ten.", ["nine"]) is None


@pytest.mark.parametrize(
    ("reference", "heard", "errors", "words"),
    [
        ("what are your hours", "What are your hours?", 0, 4),
        ("what are your hours", "what were your hours then", 2, 4),
        ("open at 9", "open at nine", 0, 3),
        ("hello there", "", 2, 2),
        ("...", "hello", 1, 0),
        ("", "", 0, 0),
    ],
)
def test_errors_are_counted_in_words(reference: str, heard: str, errors: int, words: int) -> None:
    found = word_errors(reference, heard)
    assert (found.errors, found.words) == (errors, words)


def test_the_rate_is_of_the_reference() -> None:
    assert word_errors("a b c d", "a b c x").rate == 0.25
    assert word_errors("...", "hello").rate == 1
