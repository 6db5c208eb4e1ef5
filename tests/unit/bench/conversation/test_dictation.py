from __future__ import annotations

import pytest

from agent.bench.conversation.dictated import KINDS, Dictation, birthday, order, telephone, tokens_of
from agent.bench.conversation.dictation import Dictated, conditions, measures, observed
from agent.bench.conversation.edits import edits
from tests.unit.bench.conversation.chance import seeded
from tests.unit.bench.conversation.tales import agent_turn, caller_turn, said, sounds

NUMBER = Dictation("telephone", (("five", "five", "five"), ("two", "three"), ("four", "nine")))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("five five five, two three, four nine", "5552349"),
        ("555-2349.", "5552349"),
        ("555, twenty three, forty nine", "5552349"),
        ("It is 555 23 49, thank you.", "5552349"),
        ("zero oh 0", "000"),
        ("A B 1 2", "ab12"),
        ("AB12", "ab12"),
        ("nothing", ""),
    ],
)
def test_digits_are_the_same_however_they_are_written(text: str, tokens: str) -> None:
    assert "".join(token for token in tokens_of(text) if len(token) == 1) == tokens


@pytest.mark.parametrize(
    "text", ["March fourth, nineteen eighty two", "March 4th, 1982.", "March, fourth, 19 82", "march 4 1982"]
)
def test_dates_are_the_same_however_they_are_written(text: str) -> None:
    assert tokens_of(text, date=True) == ["march", "4", "1982"]


def test_every_kind_is_said_in_groups() -> None:
    chance = seeded(1)
    for make in KINDS:
        for _ in range(50):
            made = make(chance)
            assert 2 <= len(made.groups) <= 6
            assert all(made.groups)
            assert len(made.tokens) >= 3


def test_numbers_have_as_many_digits_as_planned() -> None:
    chance = seeded(2)
    assert {len(telephone(chance).tokens) for _ in range(200)} == {7, 8, 9, 10, 11}
    assert {len(order(chance).tokens) for _ in range(200)} <= {6, 7, 8, 9, 10, 11}
    assert {len(birthday(chance).tokens) for _ in range(200)} == {3}


def test_edits_are_levenshtein_s() -> None:
    assert edits("kitten", "sitting") == 3
    assert edits([], ["a", "b"]) == 2
    assert edits(["a"], ["a"]) == 0


def result(*heard: str, agent: tuple[tuple[float, float], ...] = ()) -> Dictated:
    told = [caller_turn(10 + index, 10.5 + index, text) for index, text in enumerate(heard)]
    return observed(NUMBER, "hibari", said(10, 15), sounds(*agent), [agent_turn(5, 8), *told], "call-1")


def test_a_number_in_one_turn() -> None:
    one = result("555 23 49", agent=((5, 8), (15.4, 17)))
    assert one.one_turn
    assert (one.items, one.wrong) == (7, 0)


def test_a_number_in_two_turns() -> None:
    one = result("555", "2349")
    assert not one.one_turn
    assert one.wrong == 0


def test_a_number_that_the_agent_speaks_into() -> None:
    assert not result("555 23 49", agent=((12.0, 13.0),)).one_turn


def test_a_number_that_is_not_heard() -> None:
    one = result()
    assert not one.one_turn
    assert one.wrong == 7


def test_the_figures() -> None:
    found = [result("555 23 49"), result("555 23")]
    kept, understood = measures(found)
    assert (kept.value, kept.count, kept.met) == (100, 2, True)
    assert understood.value == pytest.approx(100 * 12 / 14, abs=0.01)
    assert understood.count == 14
    assert conditions(found)["dictation"]["one_turn_by_kind"]["telephone"] == "2/2"
