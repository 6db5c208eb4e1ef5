from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech.sentences import SentenceSplitter, speakable

WHOLE = [
    ("Hello. How are you?", ["Hello.", "How are you?"]),
    ("We open at nine! Come in.", ["We open at nine!", "Come in."]),
    ("It costs 3.50 dollars. Anything else?", ["It costs 3.50 dollars.", "Anything else?"]),
    ("That is 1,000 euros, in cash.", ["That is 1,000 euros, in cash."]),
    ("Dr. Smith is in. Please wait.", ["Dr. Smith is in.", "Please wait."]),
    ("Ask Mr. J. Doe about it.", ["Ask Mr. J. Doe about it."]),
    ("Some bread, e.g. rye, is sold out.", ["Some bread, e.g. rye, is sold out."]),
    ("We sell rolls, i.e. small breads. Fresh ones.", ["We sell rolls, i.e. small breads.", "Fresh ones."]),
    ("We close at 5 p.m. on Friday.", ["We close at 5 p.m. on Friday."]),
    ("We close at 5 p.m. Please come early.", ["We close at 5 p.m.", "Please come early."]),
    ("Rolls, cakes, etc. are here. Yes.", ["Rolls, cakes, etc. are here.", "Yes."]),
    ("Take No. 5 please. Thanks.", ["Take No. 5 please.", "Thanks."]),
    ("No. We are closed.", ["No.", "We are closed."]),
    ("Well... I am not sure.", ["Well...", "I am not sure."]),
    ("Well... maybe later.", ["Well... maybe later."]),
    ("Hm… yes.", ["Hm… yes."]),
    ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
    ("“Are you there?” she asked.", ["“Are you there?”", "she asked."]),
    ("(We are open.) Come in.", ["(We are open.)", "Come in."]),
    ("1. Bread\n2. Rolls\n", ["1. Bread", "2. Rolls"]),
    ("1. Bread. 2. Rolls.", ["1. Bread.", "2. Rolls."]),
    ("We have:\n- bread\n- rolls", ["We have:", "bread", "rolls"]),
    ("* **Bread** is fresh.\n* `Rolls` too.", ["Bread is fresh.", "Rolls too."]),
    ("# Hours\nNine to five.", ["Hours", "Nine to five."]),
    ("Line one\n\nLine two", ["Line one", "Line two"]),
    ("Really?! Yes.", ["Really?!", "Yes."]),
    ("Visit example.com today. Bye.", ["Visit example.com today.", "Bye."]),
    ("I live in the U.S. and work here.", ["I live in the U.S. and work here."]),
    ("It is me, I. Who else?", ["It is me, I.", "Who else?"]),
    ("いらっしゃいませ。何名様ですか？", ["いらっしゃいませ。", "何名様ですか？"]),
    ("... --- !", []),
    ("", []),
    ("   \n \n", []),
    ("No end", ["No end"]),
]


@pytest.mark.parametrize(("text", "expected"), WHOLE)
def test_sentences_of_a_whole_text(text: str, expected: list[str]) -> None:
    splitter = SentenceSplitter(first_clause_chars=0)
    assert splitter.feed(text) + splitter.flush() == expected


@pytest.mark.parametrize(
    ("text", "minimum", "expected"),
    [
        ("We are open from nine to five, and on Saturday too.", 10, "We are open from nine to five,"),
        ("Yes, we are open from nine to five, every day.", 10, "Yes, we are open from nine to five,"),
        ("Yes, of course.", 3, "Yes,"),
        ("Our hours: nine to five.", 8, "Our hours:"),
        ("It costs 1,000 euros; a lot. Really.", 8, "It costs 1,000 euros;"),
        ("Short one, then. More.", 40, "Short one, then."),
    ],
)
def test_only_the_first_piece_may_end_at_a_clause(text: str, minimum: int, expected: str) -> None:
    splitter = SentenceSplitter(first_clause_chars=minimum)
    pieces = splitter.feed(text) + splitter.flush()
    assert pieces[0] == expected
    assert all(not piece.endswith((",", ";", ":")) for piece in pieces[1:])


def test_a_sentence_is_given_as_soon_as_the_space_after_it_is_seen() -> None:
    splitter = SentenceSplitter()
    assert splitter.feed("Hello.") == []
    assert splitter.feed(" ") == ["Hello."]


def test_after_a_flush_the_first_piece_may_end_at_a_clause_again() -> None:
    splitter = SentenceSplitter(first_clause_chars=5)
    assert splitter.feed("One moment, I look") == ["One moment,"]
    assert splitter.flush() == ["I look"]
    assert splitter.feed("Another one, and") == ["Another one,"]


def test_a_text_without_end_is_cut_at_a_clause_or_a_word() -> None:
    splitter = SentenceSplitter(first_clause_chars=0, longest=40)
    pieces = splitter.feed("apples and pears and plums, then cherries and grapes and melons and nuts")
    assert pieces == ["apples and pears and plums,", "then cherries and grapes and melons and"]
    assert splitter.flush() == ["nuts"]


def test_a_word_without_end_is_cut_all_the_same() -> None:
    splitter = SentenceSplitter(longest=40)
    assert splitter.feed("x" * 100) == ["x" * 40, "x" * 40]


TEXTS = st.text(st.sampled_from("ab Z.!?,;:\n\"'”()-*1…。e"), max_size=300) | st.text(max_size=200)


@given(TEXTS, st.lists(st.integers(1, 7)), st.sampled_from([0, 5, 24]))
def test_pieces_do_not_depend_on_how_the_stream_was_cut(text: str, cuts: list[int], clause: int) -> None:
    whole, tokens = SentenceSplitter(clause, 60), SentenceSplitter(clause, 60)
    expected = whole.feed(text) + whole.flush()
    pieces, position = [], 0
    for size in [*cuts, len(text)]:
        pieces += tokens.feed(text[position : position + size])
        position += size
    assert pieces + tokens.flush() == expected


@given(TEXTS)
def test_nothing_that_can_be_spoken_is_lost_or_invented(text: str) -> None:
    splitter = SentenceSplitter(longest=60)
    pieces = splitter.feed(text) + splitter.flush()
    assert "".join(filter(str.isalnum, "".join(pieces))) == "".join(filter(str.isalnum, text))
    assert all(piece == speakable(piece) and len(piece) <= 60 for piece in pieces)
