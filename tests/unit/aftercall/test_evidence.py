from __future__ import annotations

import pytest

from agent.aftercall.evidence import LONGEST_QUOTE, evidence
from agent.aftercall.transcript import lines
from agent.domain.summary_resource import Support
from agent.domain.turns import Speaker, Turn

SAID = lines(
    [
        Turn(0, Speaker.AGENT, "Lakeside Dental, good day.", 0, 1),
        Turn(1, Speaker.CALLER, "Hi, my name is Anna Weber. I'd like to come on Tuesday.", 2, 3),
        Turn(2, Speaker.AGENT, "Tuesday, then. Your name?", 4, 5),
        Turn(7, Speaker.CALLER, "Größer als zwölf, sagte ich.", 6, 7),
    ]
)


@pytest.mark.parametrize(
    ("quote", "turns"),
    [
        ("my name is Anna Weber", [1]),
        ("MY NAME IS ANNA WEBER!", [1]),
        ('caller: "my name is Anna Weber"', [1]),
        ("Tuesday", [1, 2]),
        ("my name is Anna … on Tuesday", [1]),
        ("on Tuesday ... my name is Anna", [1]),
        ("größer als ZWÖLF", [7]),
        ("I'd like", [1]),
    ],
)
def test_words_that_were_said_name_their_turns(quote: str, turns: list[int]) -> None:
    found = evidence(quote, SAID)
    assert (found.status, found.turns) == (Support.SUPPORTED, turns)
    assert found.quote == quote.removeprefix("caller: ")


@pytest.mark.parametrize(
    "quote",
    ["", "…", "?!", "my name is Bob", "Weber Anna", "Anna Web", "good day Tuesday", "my name is … Größer", "null"],
)
def test_words_that_nobody_said_support_nothing(quote: str) -> None:
    found = evidence(quote, SAID)
    assert (found.status, found.turns) == (Support.UNSUPPORTED, [])


def test_a_whole_call_is_no_quote_and_is_not_kept_whole() -> None:
    long = " ".join(line.text for line in lines([Turn(0, Speaker.CALLER, "yes " * 300, 0, 1)]))
    found = evidence(long, lines([Turn(0, Speaker.CALLER, long, 0, 1)]))
    assert found.status is Support.UNSUPPORTED
    assert len(found.quote or "") == LONGEST_QUOTE


@pytest.mark.parametrize(
    ("quote", "value", "turns"),
    [
        ("my name is Anna Weber", "Anna Weber", [1]),
        ("good day", "Anna Weber", [1]),
        ("she is called Anna Weber", "Anna Weber", [1]),
        ("my name is Anna Weber", "full name", []),
        ("my name is Anna Weber", "wants to come on Tuesday", [1]),
        ("my name is Anna Weber", "John Smith", []),
        ("Tuesday", "Lakeside", [0]),
        ("my name is Anna Weber", "?", []),
    ],
)
def test_a_text_of_the_model_s_own_choice_must_have_been_said(quote: str, value: str, turns: list[int]) -> None:
    found = evidence(quote, SAID, value=value, is_free=True)
    assert (found.turns, found.status is Support.SUPPORTED) == (turns, bool(turns))


@pytest.mark.parametrize(
    ("said", "value", "supported"),
    [
        ("order 48213", 48213, True),
        ("order 48213", 48214, False),
        ("costs 1,250 dollars", 1250, True),
        ("costs 1.250,50 Euro", 1250.5, True),
        ("about 3.5 hours", 3.5, True),
        ("number 48 213", 48213, True),
        ("three bags", 3, True),
        ("at 9 or 10", 10, True),
        ("7 bags", True, True),
    ],
)
def test_a_number_is_the_one_that_was_quoted(said: str, value: float, supported: bool) -> None:
    found = evidence(said, lines([Turn(1, Speaker.CALLER, f"Well, {said}.", 0, 1)]), value=value)
    assert (found.status is Support.SUPPORTED) is supported
