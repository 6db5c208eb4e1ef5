import pytest

from agent.dialog.script.agreement import agreement
from agent.dialog.yes_no import YesNo


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Yes."),
        ("en", "I suppose that would be fine."),
        ("en", "Yup, all good."),
        ("en", "Affirmative."),
        ("en", "You bet."),
        ("en", "Uh-huh."),
        ("en", "No, that's fine."),
        ("en", "By all means."),
        ("en", "Sounds about right."),
        ("en", "Yes, but my name is Miller."),
        ("de", "Ja, genau."),
        ("de", "Das stimmt."),
        ("de", "Kein Problem."),
    ],
)
def test_a_yes(language: str, text: str) -> None:
    assert agreement(text, language) is YesNo.YES


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "No."),
        ("en", "Absolutely not."),
        ("en", "Of course not."),
        ("en", "I'm afraid that won't work."),
        ("en", "That's not what I said."),
        ("en", "Nah."),
        ("de", "Nein, am Donnerstag."),
        ("de", "Natürlich nicht."),
        ("de", "Das ist leider falsch."),
    ],
)
def test_a_no(language: str, text: str) -> None:
    assert agreement(text, language) is YesNo.NO


@pytest.mark.parametrize("text", ["Hmm, let me think.", "What do you mean?", "Tuesday.", ""])
def test_neither(text: str) -> None:
    assert agreement(text, "en") is YesNo.UNCLEAR
