"""What is written and what is said for it. The cases stand in two tables beside this file; \\n is a line break."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech.spoken import spoken

HERE = Path(__file__).parent


def table(name: str) -> list[tuple[str, str]]:
    lines = (HERE / f"spoken_{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return [(written.replace("\\n", "\n"), said) for written, said in rows]


@pytest.mark.parametrize(("written", "said"), table("english"))
def test_english(written: str, said: str) -> None:
    assert spoken(written, "en") == said
    assert spoken(said, "en") == said


@pytest.mark.parametrize(("written", "said"), table("german"))
def test_german(written: str, said: str) -> None:
    assert spoken(written, "de") == said
    assert spoken(said, "de") == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Oui**, à 9:30 😀!", "Oui, à 9:30 !"),
        ("- du pain\n- du vin", "du pain, du vin"),
        ("[site](https://example.com) : 60 €", "site : 60 €"),
        ("いらっしゃいませ。10時です。", "いらっしゃいませ。10時です。"),
    ],
)
def test_of_other_languages_only_markup_is_taken(written: str, said: str) -> None:
    assert spoken(written, "fr") == said


@pytest.mark.parametrize(("written", "said"), [("<A>", "A"), ("<h1>", "h one"), ("❶", "❶"), ("**", ""), ("😀", "")])
def test_a_text_that_is_markup_alone_keeps_its_letters(written: str, said: str) -> None:
    assert spoken(written, "en") == said


def test_a_language_may_name_its_country() -> None:
    assert spoken("9:30", "de-AT") == "neun Uhr dreißig"
    assert spoken("9:30", "EN") == "nine thirty"


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert len(table("english")) >= 120
    assert len(table("german")) >= 60


FRAGMENTS = (HERE / "spoken_fragments.txt").read_text(encoding="utf-8").split()
TEXTS = (
    st.text(alphabet="abAMZz .,:;-–/*_#+%$€£()[]|<>=@'\"012359\n…😀½°&ß", max_size=60)
    | st.lists(st.sampled_from([*FRAGMENTS, "\n"]), max_size=12).map(" ".join)
    | st.lists(st.sampled_from([*FRAGMENTS, "\n"]), max_size=12).map("".join)
    | st.text(max_size=60)
)


@given(TEXTS, st.sampled_from(["en", "de", "fr"]))
def test_twice_is_once_and_words_are_never_lost_altogether(text: str, language: str) -> None:
    said = spoken(text, language)
    assert spoken(said, language) == said
    assert any(map(str.isalnum, said)) or not any(map(str.isalnum, text))


@given(TEXTS, st.sampled_from(["en", "de"]))
def test_no_digit_and_no_sign_is_left_for_the_voice(text: str, language: str) -> None:
    if any(map(str.isalpha, text)):
        assert not set(spoken(text, language)) & set("0123456789#$€%&*/@_|<>[]{}")


@pytest.mark.timeout(60)  # seconds, for what takes 5 s at worst; a pattern that explodes takes for ever
@pytest.mark.parametrize("separator", ["", " "])
def test_hostile_text_takes_no_longer_than_its_length(separator: str) -> None:
    for fragment in FRAGMENTS:
        text = ((fragment + separator) * 300)[:300]
        for language in ("en", "de"):
            assert isinstance(spoken(text, language), str)
