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


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Yes, we are open.", "Yes,"),
        ("So, what now?", "So,"),
        ("On Saturday, the shop is closed.", "On Saturday,"),
        ("You can park behind the building for free.", "You can park behind the building"),
        ("The pool is closed because it is being cleaned.", "The pool is closed"),
        ("Doctor Miller sees patients on Monday.", "Doctor Miller sees patients"),
        ("We sell bread and cakes.", "We sell bread and cakes."),  # too few words before "and"
        ("We open from nine until one on Monday.", "We open from nine until one on Monday."),
        ("Our shop opens daily from nine until one.", "Our shop opens daily"),
        ("It is a flight from Rome or Oslo until May.", "It is a flight"),
        ("You will meet Mary and Tom there.", "You will meet Mary and Tom there."),
        ("We work every day between nine and five here.", "We work every day"),
        ("The very nice people between two and four arrive.", "The very nice people"),
        ("That was built in the years 1990 and 1991.", "That was built in the years 1990 and 1991."),
        ("It costs exactly $60 for one night.", "It costs exactly $60 for one night."),  # not after a price
        ("Please go and ask Dr. Miller about it.", "Please go and ask Dr. Miller about it."),
        ("You would very much like to come.", "You would very much like to come."),
        ("The date is May 3, 2026 as I said.", "The date is May 3, 2026 as I said."),
        ("He is always there for you.", "He is always there for you."),
    ],
)
def test_the_first_piece_ends_at_a_clause_or_before_a_phrase(text: str, first: str) -> None:
    splitter = SentenceSplitter(language="en")
    pieces = splitter.feed(text) + splitter.flush()
    assert pieces[0] == first
    assert " ".join(pieces) == text


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Wir haben am Samstag geöffnet bis ein Uhr.", "Wir haben am Samstag geöffnet"),
        ("Das Zimmer kostet heute wenig mit Frühstück.", "Das Zimmer kostet heute wenig"),
        ("Wir verkaufen hier täglich Brot und Kuchen.", "Wir verkaufen hier täglich Brot und Kuchen."),
        ("Ja, gerne.", "Ja,"),
    ],
)
def test_german_has_phrases_of_its_own(text: str, first: str) -> None:
    assert SentenceSplitter(language="de").feed(text + " ")[0] == first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Am 3. März ist zu. Danke.", ["Am 3. März ist zu.", "Danke."]),
        ("Brot, z. B. Roggen, ist aus. Ja.", ["Brot, z. B. Roggen, ist aus.", "Ja."]),
        ("Zimmer Nr. Vier ist frei. Gut.", ["Zimmer Nr. Vier ist frei.", "Gut."]),
        ("Der Preis ist gut. Ja.", ["Der Preis ist gut.", "Ja."]),
    ],
)
def test_german_full_stops_that_end_no_sentence(text: str, expected: list[str]) -> None:
    splitter = SentenceSplitter(first_clause_chars=0, language="de")
    assert splitter.feed(text) + splitter.flush() == expected


def test_a_phrase_is_cut_as_soon_as_the_word_after_it_is_whole() -> None:
    splitter = SentenceSplitter(language="en")
    assert splitter.feed("The pool is closed because") == []
    assert splitter.feed(" ") == ["The pool is closed"]


def test_after_a_short_opening_the_next_piece_may_be_cut_and_no_other() -> None:
    splitter = SentenceSplitter(language="en")
    pieces = splitter.feed("Yes, we always stay together because of you, and we stay here until you come, or go. Bye. ")
    assert pieces == [
        "Yes,",
        "we always stay together",
        "because of you, and we stay here until you come, or go.",
        "Bye.",
    ]


@pytest.mark.parametrize("language", ["", "fr"])
def test_without_a_table_of_its_language_no_phrase_is_cut(language: str) -> None:
    splitter = SentenceSplitter(language=language)
    assert splitter.feed("The pool is closed because it is cold. ") == ["The pool is closed because it is cold."]


def test_a_splitter_that_must_not_cut_clauses_cuts_no_phrases() -> None:
    splitter = SentenceSplitter(first_clause_chars=0, language="en")
    assert splitter.feed("Yes, it is closed because it is cold. ") == ["Yes, it is closed because it is cold."]


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


TEXTS = (
    st.text(st.sampled_from("ab Z.!?,;:\n\"'”()-*1…。e"), max_size=300)
    | st.text(max_size=200)
    | st.lists(st.sampled_from(["on", "and", "**and**", "until", "from", "Dr.", "bread", "bis", "mit", ",", "x."])).map(
        " ".join
    )
)


@given(TEXTS, st.lists(st.integers(1, 7)), st.sampled_from([0, 5, 24]), st.sampled_from(["", "en", "de"]))
def test_pieces_do_not_depend_on_how_the_stream_was_cut(text: str, cuts: list[int], clause: int, language: str) -> None:
    whole = SentenceSplitter(clause, 60, language=language, first_phrase_words=1)
    tokens = SentenceSplitter(clause, 60, language=language, first_phrase_words=1)
    expected = whole.feed(text) + whole.flush()
    pieces, position = [], 0
    for size in [*cuts, len(text)]:
        pieces += tokens.feed(text[position : position + size])
        position += size
    assert pieces + tokens.flush() == expected


@given(TEXTS)
def test_nothing_that_can_be_spoken_is_lost_or_invented(text: str) -> None:
    splitter = SentenceSplitter(longest=60, language="en", first_phrase_words=1)
    pieces = splitter.feed(text) + splitter.flush()
    assert "".join(filter(str.isalnum, "".join(pieces))) == "".join(filter(str.isalnum, text))
    assert all(piece == speakable(piece) and len(piece) <= 60 for piece in pieces)
