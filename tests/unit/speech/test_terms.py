from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech.terms import MOST_TERMS, terms_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Lakeside Dental, good day. How can I help you?", ("Lakeside Dental",)),
        ("The dentists are Doctor Miller and Doctor Chen.", ("Doctor Miller", "Doctor Chen")),
        ("We are at 12 Harbour Street, next to the post office.", ("Harbour Street",)),
        ("Closed.\nFree of charge.", ()),
        (
            "We sell AT&T contracts and repair every iPhone. USA only: Ann-Marie knows.",
            ("AT&T", "iPhone", "USA", "Ann-Marie"),
        ),
        ("Ask for Ann, Bob or O'Brien.", ("Ann", "Bob", "O'Brien")),
        ("Unsere Praxis liegt in Köln.", ("Unsere Praxis", "Köln")),
        ("", ()),
    ],
)
def test_names_are_found_and_beginnings_of_sentences_are_not(text: str, terms: tuple[str, ...]) -> None:
    assert terms_of([text]) == terms


def test_each_term_comes_once_in_the_order_of_the_texts() -> None:
    assert terms_of(["Ask for Bob.", "Ask for Ann.", "Or for Bob."]) == ("Bob", "Ann")


@given(st.lists(st.text()))
def test_there_is_a_bound_to_what_is_found(texts: list[str]) -> None:
    terms = terms_of(texts)
    assert len(terms) <= MOST_TERMS
    assert len(set(terms)) == len(terms)
