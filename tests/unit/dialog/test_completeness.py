from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.dialog.asked import Asked, asked_by
from agent.dialog.clause_words import BY_LANGUAGE
from agent.dialog.completeness import Completeness, judge

HELP = "Hello, how can I help you?"
ANSWER, COMPLETE, UNSURE = Completeness.ANSWER, Completeness.COMPLETE, Completeness.UNSURE
UNFINISHED, DICTATING = Completeness.UNFINISHED, Completeness.DICTATING


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("What are your opening hours?", COMPLETE),
        ("I would like to speak to a dentist.", COMPLETE),
        ("Could you call me back tomorrow?", COMPLETE),
        ("Who is this for?", COMPLETE),
        ("Is it possible?", UNSURE),  # so few words may begin more: "to change my reservation"
        ("My tooth hurts. I need an appointment today.", COMPLETE),
        ("I would like to make an appointment for", UNFINISHED),
        ("I would like to make an appointment for.", UNFINISHED),
        ("I want to talk to the", UNFINISHED),
        ("Do you know whether my", UNFINISHED),
        ("We ordered two pizzas and.", UNFINISHED),
        ("I am calling because", UNFINISHED),
        ("The appointment is", UNFINISHED),
        ("I'd like to get.", UNFINISHED),
        ("I wanted to ask,", UNFINISHED),
        ("Well, I thought...", UNFINISHED),
        ("I'm looking for, um.", UNFINISHED),
        ("If I come on Monday.", UNFINISHED),
        ("If I come on Monday, can I bring my son?", COMPLETE),
        ("Yes", ANSWER),
        ("No, thanks.", ANSWER),
        ("Yes, I do.", ANSWER),
        ("Yes, that's right.", ANSWER),
        ("Yes, and", UNFINISHED),
        ("Yes, can I pay", UNSURE),
        ("Hello.", UNSURE),
        ("Hello, do I have", UNFINISHED),
        ("The new conference room", UNSURE),
        ("I lost my keys on the train", UNSURE),
        ("", UNSURE),
        ("...", UNSURE),
    ],
)
def test_after_an_open_question(words: str, expected: Completeness) -> None:
    assert judge(words, language="en", agent_words=HELP) is expected


@pytest.mark.parametrize(
    ("question", "words", "expected"),
    [
        ("Is that right?", "Of course.", ANSWER),
        ("Is that right?", "Not today.", ANSWER),
        ("Is that right?", "No, it is", ANSWER),
        ("Is that right?", "No, the", UNFINISHED),
        ("How many people are you?", "Four.", ANSWER),
        ("Which day suits you?", "Friday evening.", ANSWER),
        ("Which day suits you?", "On the", UNFINISHED),
        ("", "Yes.", UNSURE),
        ("", "Friday.", UNSURE),
    ],
)
def test_a_word_is_an_answer_where_a_word_was_asked_for(question: str, words: str, expected: Completeness) -> None:
    assert judge(words, language="en", agent_words=question) is expected


@pytest.mark.parametrize(
    ("question", "words", "expected"),
    [
        ("What is your phone number?", "555", DICTATING),
        ("What is your phone number?", "It's five five five", DICTATING),
        ("What is your phone number?", "555, 123.", DICTATING),
        ("What is your phone number?", "555-123-4567.", COMPLETE),
        ("What is your phone number?", "five five five one two three four five six seven", COMPLETE),
        ("What is your phone number?", "My number is", UNFINISHED),
        ("What is your phone number?", "I don't know my number.", COMPLETE),
        ("Under which number can we reach you?", "0171", DICTATING),
        ("May I have your order number?", "A B", DICTATING),
        ("May I have your order number?", "AB 1234 5678 90", DICTATING),
        ("May I have your order number?", "1234 5678 9012 3456", COMPLETE),
        ("May I have your order number?", "No.", ANSWER),
        ("What is your date of birth?", "March", DICTATING),
        ("What is your date of birth?", "March 4th.", DICTATING),
        ("What is your date of birth?", "March 4th, 1982.", COMPLETE),
        ("What is your date of birth?", "The fourth of March nineteen eighty two", COMPLETE),
        ("What is your email address?", "john", DICTATING),
        ("What is your email address?", "john.smith at", DICTATING),
        ("What is your email address?", "john.smith@example", DICTATING),
        ("What is your email address?", "john.smith@example.com.", COMPLETE),
        ("What is your email address?", "john smith at example dot org", COMPLETE),
        ("What is your email address?", "I don't have one.", COMPLETE),
        ("Could you spell your name?", "B-R-O", DICTATING),
        ("Could you spell your name?", "S", DICTATING),
        (HELP, "Zero seven one", DICTATING),
        (HELP, "My number is four one five", DICTATING),
        (HELP, "It is spelled B R O", DICTATING),
        (HELP, "I was born in 1984.", COMPLETE),
        (HELP, "I have been waiting since 2019.", COMPLETE),
    ],
)
def test_dictation_goes_on_until_all_is_there(question: str, words: str, expected: Completeness) -> None:
    assert judge(words, language="en", agent_words=question) is expected


@pytest.mark.parametrize(
    ("question", "words", "expected"),
    [
        ("Was kann ich für Sie tun?", "Ich möchte einen Termin für", UNFINISHED),
        ("Was kann ich für Sie tun?", "Ich hätte gerne", UNFINISHED),
        ("Was kann ich für Sie tun?", "Wenn ich morgen komme.", UNFINISHED),
        ("Was kann ich für Sie tun?", "Wann haben Sie am Montag geöffnet?", COMPLETE),
        ("Ist das richtig?", "Ja, genau.", ANSWER),
        ("Wie lautet Ihre Telefonnummer?", "null eins sieben", DICTATING),
        ("Wie lautet Ihre Telefonnummer?", "0171 234 5678", COMPLETE),
        ("Wie ist Ihre E-Mail-Adresse?", "anna ät beispiel punkt de", COMPLETE),
        ("Wie ist Ihr Geburtsdatum?", "vierter März", DICTATING),
    ],
)
def test_german(question: str, words: str, expected: Completeness) -> None:
    assert judge(words, language="de-DE", agent_words=question) is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [("Quels sont vos horaires ?", COMPLETE), ("Je voudrais", UNSURE), ("Alors,", UNFINISHED), ("06 12 34", DICTATING)],
)
def test_other_languages_by_punctuation_and_digits_alone(words: str, expected: Completeness) -> None:
    assert judge(words, language="fr", agent_words="Oui ?") is expected


@pytest.mark.parametrize(
    ("agent_words", "expected"),
    [
        ("", Asked.NOTHING),
        ("We are open until six.", Asked.NOTHING),
        ("We are open until six. Can I help you with anything else?", Asked.CHOICE),
        ("Would you like that?", Asked.CHOICE),
        ("What can I do for you?", Asked.OPEN),
        ("At what time would you like to come?", Asked.DETAIL),
        ("Thank you. Please tell me your telephone number.", Asked.TELEPHONE),
        ("What is the number of your order?", Asked.NUMBER),
        ("Is 555 your number?", Asked.CHOICE),
        ("When were you born?", Asked.DATE_OF_BIRTH),
        ("Your number is noted. How can I help?", Asked.OPEN),
    ],
)
def test_what_the_agent_asked_for(agent_words: str, expected: Asked) -> None:
    assert asked_by(agent_words, "en") is expected


@given(st.text(max_size=80), st.sampled_from(["en", "de", "fr", ""]), st.text(max_size=40))
def test_any_text_is_judged(words: str, language: str, agent_words: str) -> None:
    assert judge(words, language=language, agent_words=agent_words) in Completeness


@given(
    st.lists(st.sampled_from(["we", "have", "seen", "your", "house", "near", "river"]), min_size=1, max_size=8),
    st.sampled_from(sorted(BY_LANGUAGE["en"].never_last)),
    st.sampled_from(["", ".", "!", "..."]),
)
def test_nothing_ends_in_an_article_or_a_conjunction(beginning: list[str], last: str, mark: str) -> None:
    assert judge(" ".join([*beginning, last]) + mark, language="en", agent_words=HELP) is UNFINISHED


@given(st.lists(st.integers(0, 9), min_size=3, max_size=9), st.booleans())
def test_digits_are_not_over_before_the_number_is(digits: list[int], spoken: bool) -> None:
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    said = " ".join(names[digit] if spoken else str(digit) for digit in digits)
    for question in (HELP, "What is your phone number?", "What is the number on the card?"):
        assert judge(said, language="en", agent_words=question) is DICTATING
