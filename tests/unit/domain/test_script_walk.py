"""A call goes through its script by what was answered, and always comes to an exit."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.domain.script import CallScript
from agent.domain.script_state import Comparison, Condition
from agent.domain.script_values import SlotValue
from agent.domain.script_walk import MOST_VISITS, Ask, Leave, Place, advance, begin, declined, open_slots, opt_out

REMINDER: dict[str, object] = {
    "name": "Reminder",
    "purpose": "Remind people of their appointment and hear whether they come.",
    "opening": "Good day, this is Lakeside Dental.",
    "slots": [
        {"name": "comes", "type": "yes_no", "ask": "Will you come on Tuesday?"},
        {"name": "day", "type": "date", "ask": "Which day suits you better?", "confirm": "So {{day}}?"},
        {"name": "right", "type": "yes_no", "ask": "Shall I book that?"},
        {"name": "remark", "ask": "Is there anything the doctor should know?", "required": False},
    ],
    "states": [
        {
            "name": "start",
            "slots": ["comes"],
            "transitions": [
                {"when": [{"slot": "comes", "compare": "is", "value": True}], "to": "thanks"},
                {"to": "other_day"},
            ],
        },
        {
            "name": "other_day",
            "say": "No problem.",
            "slots": ["day", "right"],
            "transitions": [
                {"when": [{"slot": "right", "value": False}], "to": "other_day", "forget": ["day", "right"]},
                {"to": "thanks"},
            ],
        },
        {"name": "thanks", "say": "Wonderful.", "slots": ["remark"], "transitions": [{"to": "done"}]},
    ],
    "exits": [
        {"name": "done", "outcome": "completed", "success": True},
        {"name": "no_answer", "outcome": "not_reached"},
        {"name": "never_again", "outcome": "do_not_call"},
    ],
    "fallbacks": {"give_up": "no_answer", "opt_out": "never_again"},
}
SCRIPT = CallScript.model_validate(REMINDER)


def _walk(answers: Mapping[str, SlotValue]) -> tuple[list[str], str, list[str]]:
    """The questions asked, the exit, and the states come into."""
    place, values = begin(SCRIPT), dict[str, SlotValue]()
    asked: list[str] = []
    said: list[str] = []
    for _ in range(100):
        step = advance(SCRIPT, place, values)
        said += [state.name for state in step.said]
        if isinstance(step, Leave):
            return asked, step.exit.name, said
        for name in step.forgotten:
            del values[name]
        asked.append(step.slot.name)
        values[step.slot.name] = answers.get(step.slot.name)
        place = step.place
    raise AssertionError("the walk did not end")


@pytest.mark.parametrize(
    ("answers", "asked", "exit_name", "said"),
    [
        ({"comes": True, "remark": "no"}, ["comes", "remark"], "done", ["start", "thanks"]),
        ({"comes": True}, ["comes", "remark"], "done", ["start", "thanks"]),
        (
            {"comes": False, "day": "2026-12-01", "right": True},
            ["comes", "day", "right", "remark"],
            "done",
            ["start", "other_day", "thanks"],
        ),
        ({"comes": False}, ["comes", "day", "right"], "no_answer", ["start", "other_day"]),
        ({}, ["comes"], "no_answer", ["start"]),
    ],
)
def test_answers_lead_to_the_right_exit(
    answers: dict[str, SlotValue], asked: list[str], exit_name: str, said: list[str]
) -> None:
    assert _walk(answers) == (asked, exit_name, said)


def test_going_round_ends_after_some_visits() -> None:
    asked, exit_name, said = _walk({"comes": False, "day": "2026-12-01", "right": False})
    assert exit_name == "no_answer"
    assert said.count("other_day") == MOST_VISITS
    assert asked.count("day") == MOST_VISITS


def test_values_given_ahead_are_not_asked_for() -> None:
    step = advance(SCRIPT, begin(SCRIPT), {"comes": False, "day": "2026-12-01"})
    assert isinstance(step, Ask)
    assert step.slot.name == "right"
    assert [slot.name for slot in open_slots(SCRIPT, step.place, {"comes": False, "day": "2026-12-01"})] == ["right"]


def test_what_a_state_says_is_said_once_each_time_it_is_come_into() -> None:
    first = advance(SCRIPT, begin(SCRIPT), {})
    again = advance(SCRIPT, first.place, {})
    assert ([state.name for state in first.said], again.said) == (["start"], ())


def test_exits_without_a_name_are_the_one_of_giving_up() -> None:
    assert opt_out(SCRIPT).name == "never_again"
    assert declined(SCRIPT).name == "no_answer"
    assert declined(SCRIPT.model_copy(update={"fallbacks": SCRIPT.fallbacks.model_copy(update={"give_up": ""})})).name
    assert isinstance(advance(SCRIPT, Place("nowhere"), {}), Leave)


@given(
    st.dictionaries(
        st.sampled_from(["comes", "day", "right", "remark"]),
        st.sampled_from([None, True, False, 1, "2026-12-01", "no"]),
    )
)
def test_every_walk_ends(answers: dict[str, SlotValue]) -> None:
    _, exit_name, _ = _walk(answers)
    assert exit_name in {"done", "no_answer"}


@pytest.mark.parametrize(
    ("compare", "value", "known", "holds"),
    [
        (Comparison.IS, True, True, True),
        (Comparison.IS, True, 1, False),
        (Comparison.IS, "Monday", " monday", True),
        (Comparison.IS, "x", None, False),
        (Comparison.IS_NOT, "x", None, True),
        (Comparison.IS_NOT, "x", "X", False),
        (Comparison.LESS, 5, 4.5, True),
        (Comparison.LESS, 5, 5, False),
        (Comparison.MORE, "2026-12-01", "2026-12-02", True),
        (Comparison.MORE, 5, "9", False),
        (Comparison.MORE, 0, True, False),
        (Comparison.LESS, 5, None, False),
        (Comparison.KNOWN, None, False, True),
        (Comparison.UNKNOWN, None, None, True),
    ],
)
def test_conditions(compare: Comparison, value: SlotValue, known: SlotValue, holds: bool) -> None:
    condition = Condition(slot="x", compare=compare, value=value)
    assert condition.holds({"x": known}) is holds
    assert condition.holds({}) is Condition(slot="x", compare=compare, value=value).holds({"x": None})


def test_a_script_says_what_is_wrong_with_its_form() -> None:
    slots = [{"name": "day", "ask": "Which?"}, {"name": "day", "ask": "When?"}]
    with pytest.raises(ValidationError, match="two slots have the same name"):
        CallScript.model_validate({**REMINDER, "slots": slots})
    with pytest.raises(ValidationError, match="Extra inputs"):
        CallScript.model_validate({**REMINDER, "greeting": "Hello"})
