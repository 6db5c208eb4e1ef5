from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech.heard.days import day

FRIDAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Tuesday would be good.", "2026-12-01"),
        ("en", "How about next Tuesday?", "2026-12-01"),
        ("en", "Friday", "2026-12-04"),
        ("en", "Monday next week", "2026-11-30"),
        ("en", "next week Monday", "2026-11-30"),
        ("en", "Not Monday, Tuesday please", "2026-12-01"),
        ("en", "Monday doesn't work, Wednesday is fine", "2026-12-02"),
        ("en", "No, I meant Thursday.", "2026-12-03"),
        ("en", "no, Thursday", "2026-12-03"),
        ("en", "on the twenty third of December", "2026-12-23"),
        ("en", "December 3rd, 2027", "2027-12-03"),
        ("en", "Tuesday, December 1st.", "2026-12-01"),
        ("en", "the 14th", "2026-12-14"),
        ("en", "Monday the 30th", "2026-11-30"),
        ("en", "Let's do Wednesday the 2nd at 3 pm", "2026-12-02"),
        ("en", "tomorrow", "2026-11-28"),
        ("en", "the day after tomorrow", "2026-11-29"),
        ("en", "in two weeks", "2026-12-11"),
        ("en", "a week from now", "2026-12-04"),
        ("en", "in three months", "2027-02-27"),
        ("en", "12/3", "2026-12-03"),
        ("en", "2026-12-24", "2026-12-24"),
        ("en", "second of may", "2027-05-02"),
        ("de", "am Dienstag", "2026-12-01"),
        ("de", "nächsten Mittwoch", "2026-12-02"),
        ("de", "am dritten Dezember", "2026-12-03"),
        ("de", "3.12.", "2026-12-03"),
        ("de", "übermorgen", "2026-11-29"),
        ("de", "in zwei Wochen", "2026-12-11"),
        ("de", "nicht am Montag, sondern am Dienstag", "2026-12-01"),
        ("en", "Hmm, what about a week from today?", "2026-12-04"),
        ("en", "The first Monday in December.", "2026-12-07"),
        ("de", "am ersten Montag im Dezember", "2026-12-07"),
        ("en", "I can't do Monday but Tuesday's fine.", "2026-12-01"),
        ("en", "No January 8th, please.", "2027-01-08"),
        ("en", "Sometime next week.", None),
        ("en", "Monday or Tuesday", None),
        ("en", "no", None),
        ("en", "Two days would be good.", None),
        ("en", "February 30th", None),
        ("de", "guten Morgen", None),
        ("xx", "Tuesday", None),
    ],
)
def test_the_day_that_was_said(language: str, text: str, expected: str | None) -> None:
    found = day(text, language, today=FRIDAY)

    assert (found.isoformat() if found else None) == expected


def test_next_tuesday_on_a_monday_is_not_tomorrow() -> None:
    assert day("next Tuesday", "en", today=date(2026, 11, 30)) == date(2026, 12, 8)
    assert day("Tuesday", "en", today=date(2026, 11, 30)) == date(2026, 12, 1)


def test_a_day_of_birth_is_in_the_past() -> None:
    assert day("March fourth nineteen eighty two", "en", today=FRIDAY, past=True) == date(1982, 3, 4)
    assert day("4.3.82", "de", today=FRIDAY, past=True) == date(1982, 3, 4)


@given(st.text(max_size=200), st.sampled_from(["en", "de", "fr", "ja"]))
def test_any_text_gives_a_day_or_none(text: str, language: str) -> None:
    day(text, language, today=FRIDAY)
