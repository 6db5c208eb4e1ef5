from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from agent.domain.agent import Agent
from agent.domain.briefing import Briefing, briefed
from agent.domain.variables import Value, Variables, rendered

AGENT = Agent(
    name="desk",
    greeting="Good day, {{name}}.",
    notice="{{ firm }} records this call.",
    instructions="You talk to {{name}}, who owes {{sum}} euros.",
    facts=("The caller is {{vip}}.",),
    variables={"name": "dear customer", "firm": "Lakeside"},
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello, {{name}}!", "Hello, Ann!"),
        ("Hello, {{ name }}!", "Hello, Ann!"),
        ("{{count}} of {{share}}, {{yes}}", "3 of 0.5, true"),
        ("Hello, {{nobody}}!", "Hello, !"),
        ("{name} {{na me}} {{}} {% if %} ${name}", "{name} {{na me}} {{}} {% if %} ${name}"),
        ("{{name.__class__}} {{name|upper}}", "{{name.__class__}} {{name|upper}}"),
        ("{{trick}}", "{{name}} {{ 7*7 }}"),
    ],
)
def test_variables_are_put_in_as_plain_text_once(text: str, said: str) -> None:
    variables: dict[str, Value] = {
        "name": "Ann", "count": 3, "share": 0.5, "yes": True, "trick": "{{name}} {{ 7*7 }}",
    }  # fmt: skip
    assert rendered(text, variables) == said


@given(st.text(max_size=200), st.text(max_size=50))
def test_no_value_is_ever_read_as_a_template(before: str, value: str) -> None:
    assert rendered(f"{before} {{{{x}}}}", {"x": value}).endswith(f" {value}")


def test_what_the_application_says_goes_before_the_agent_s_own() -> None:
    agent = briefed(AGENT, Briefing({"name": "Mrs Ames", "sum": 12, "vip": "a regular"}))
    assert agent.greeting == "Good day, Mrs Ames."
    assert agent.notice == "Lakeside records this call."
    assert agent.instructions == "You talk to Mrs Ames, who owes 12 euros."
    assert agent.facts == ("The caller is a regular.",)


def test_a_greeting_of_the_application_has_places_too() -> None:
    assert briefed(AGENT, Briefing({"name": "Ann"}, greeting="Hi {{name}}, {{firm}} here.")).greeting == (
        "Hi Ann, Lakeside here."
    )


def test_a_call_of_which_nothing_was_said_has_the_agent_s_own() -> None:
    assert briefed(AGENT).greeting == "Good day, dear customer."
    assert briefed(AGENT).instructions == "You talk to dear customer, who owes  euros."


@pytest.mark.parametrize(
    "wrong", [{"a b": "x"}, {"1a": "x"}, {"a": None}, {"a": ["x"]}, {"a": "x" * 2001}, {f"v{n}": n for n in range(51)}]
)
def test_what_is_no_variable_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Variables).validate_python(wrong)


def test_truth_stays_truth_and_numbers_stay_numbers() -> None:
    assert TypeAdapter(Variables).validate_python({"a": True, "b": 1, "c": 1.5, "d": "1"}) == {
        "a": True, "b": 1, "c": 1.5, "d": "1",
    }  # fmt: skip
