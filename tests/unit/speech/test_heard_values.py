import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech.heard.addresses import mail_address
from agent.speech.heard.choices import choice
from agent.speech.heard.clock_times import clock_time
from agent.speech.heard.names import name
from agent.speech.heard.numbers import number
from agent.speech.heard.telephone_numbers import telephone_number

TREATMENTS = ("check-up", "cleaning", "root canal treatment")


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "at three thirty", "15:30"),
        ("en", "half past three", "15:30"),
        ("en", "quarter to four in the afternoon", "15:45"),
        ("en", "ten past two", "14:10"),
        ("en", "9", "09:00"),
        ("en", "at nine in the morning", "09:00"),
        ("en", "seven in the evening", "19:00"),
        ("en", "10:15", "10:15"),
        ("en", "noon", "12:00"),
        ("en", "Not at nine, at ten", "10:00"),
        ("de", "um halb vier", "15:30"),
        ("de", "fünfzehn Uhr dreißig", "15:30"),
        ("de", "viertel nach drei", "15:15"),
        ("de", "um acht Uhr abends", "20:00"),
        ("en", "10 or 11?", None),
        ("en", "for four people", None),
        ("en", "at 25:99", None),
    ],
)
def test_the_time_that_was_said(language: str, text: str, expected: str | None) -> None:
    assert clock_time(text, language, asked=True) == expected


def test_an_hour_is_within_what_may_be() -> None:
    assert clock_time("at eight", "en", earliest="17:00", latest="22:00") == "20:00"
    assert clock_time("at eight", "en", earliest="08:00", latest="12:00") == "08:00"


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "We are four people", 4),
        ("en", "Just me", 1),
        ("en", "two, no wait, three", 3),
        ("en", "one hundred and fifty three", 153),
        ("en", "two and a half", 2.5),
        ("en", "1,250 dollars", 1250),
        ("de", "drei Personen", 3),
        ("de", "1.250 Euro", 1250),
        ("en", "3 or 4", None),
        ("en", "no", None),
    ],
)
def test_the_number_that_was_said(language: str, text: str, expected: float | None) -> None:
    assert number(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "My name is Anna Miller.", "Anna Miller"),
        ("en", "Yes, this is John Smith speaking.", "John Smith"),
        ("en", "anna miller", "Anna Miller"),
        ("en", "Sure, I'm Peter, Peter Jackson, and Tuesday works", "Peter Jackson"),
        ("en", "Hello, yes, good morning, Daniel Cooper here.", "Daniel Cooper"),
        ("en", "It's Meier, spelled M E Y E R", "Meyer"),
        ("en", "It's Miller, M-I-double L-E-R.", "Miller"),
        ("en", "Karen Hell, K-A-R-E-N-H-I-L-L.", "Karen Hill"),
        ("en", "Peter Mac Donald, M-A-C-D-O-N-A-L-D.", "Peter Macdonald"),
        ("en", "Susan Lark. S-U-S-A-N. T-A-Y-L-O-R.", "Susan Taylor"),
        ("en", "The name is Robert van der Berg, thank you.", "Robert van der Berg"),
        ("de", "Hier ist Anna Schmidt am Apparat.", "Anna Schmidt"),
        ("en", "That'd be Kevin Doyle.", "Kevin Doyle"),
        ("en", "First name Tina, last name Brooks.", "Tina Brooks"),
        ("en", "Let's George Parker.", "George Parker"),
        ("en", "What do you need that for?", None),
        ("en", "I can't hear you", None),
        ("en", "Yes.", None),
        ("en", "That's correct.", None),
    ],
)
def test_the_name_that_was_said(language: str, text: str, expected: str | None) -> None:
    assert name(text, language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna dot miller at example dot com", "anna.miller@example.com"),
        ("Sure, it's info at lakeside dash dental dot com", "info@lakeside-dental.com"),
        ("a-n-n-a at gmail dot com", "anna@gmail.com"),
        ("Anna.Miller@example.com.", "anna.miller@example.com"),
        ("I don't have one", None),
        ("I am at home", None),
    ],
)
def test_the_address_that_was_said(text: str, expected: str | None) -> None:
    assert mail_address(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oh three oh, one two three four five", "03012345"),
        ("five five five, double seven, one two", "5557712"),
        ("plus four nine three zero one two three", "+4930123"),
        ("one two", None),
        ("1234567890123456", None),
    ],
)
def test_the_telephone_number_that_was_said(text: str, expected: str | None) -> None:
    assert telephone_number(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I need a cleaning please", "cleaning"),
        ("checkup", "check-up"),
        ("the root canal", "root canal treatment"),
        ("not the check-up, the cleaning", "cleaning"),
        ("the first one", "check-up"),
        ("the last one", "root canal treatment"),
        ("a cleaning or a check-up", None),
        ("I don't know", None),
    ],
)
def test_the_choice_that_was_made(text: str, expected: str | None) -> None:
    assert choice(text, TREATMENTS, "en") == expected


@given(st.text(max_size=200), st.sampled_from(["en", "de", "fr", "ja"]))
def test_any_text_gives_a_value_or_none(text: str, language: str) -> None:
    name(text, language)
    number(text, language)
    clock_time(text, language, asked=True)
    mail_address(text, language)
    telephone_number(text, language)
    choice(text, TREATMENTS, language)
