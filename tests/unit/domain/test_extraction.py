from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agent.domain.after_call import AfterCall
from agent.domain.agent import Agent
from agent.domain.extraction import fits

SCHEMA = {
    "type": "object",
    "properties": {
        "day": {"type": "string", "format": "date"},
        "count": {"$ref": "#/$defs/count"},
        "pattern": {"type": "string"},
        "tree": {"$ref": "#/$defs/tree"},
    },
    "$defs": {
        "count": {"type": "integer", "minimum": 1},
        "tree": {"type": "object", "properties": {"sub": {"$ref": "#/$defs/tree"}}, "additionalProperties": False},
    },
}


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("day", "2026-11-27", True),
        ("day", "next Tuesday", False),
        ("count", 3, True),
        ("count", 0, False),
        ("count", "3", False),
        ("pattern", "any", True),
        ("tree", {"sub": {"sub": {}}}, True),
        ("tree", {"sub": {"sub": 1}}, False),
    ],
)
def test_a_value_fits_its_own_property(name: str, value: Any, valid: bool) -> None:
    assert AfterCall(extract=SCHEMA).extract == SCHEMA
    assert fits(SCHEMA, name, value) is valid


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({}, "at least one property"),
        ({"type": "object"}, "at least one property"),
        ({"type": "object", "properties": {}}, "at least one property"),
        ({"type": "array", "properties": {"a": {}}}, "at least one property"),
        (of(a={"type": "strin"}), "/properties/a/type"),
        (of(a={"type": "string", "pattern": "(a+)+$"}), "/properties/a: pattern is not supported"),
        (of(a={"anyOf": [{"patternProperties": {}}]}), "/properties/a/anyOf/0: patternProperties"),
        (of(a={"$ref": "https://example.com/schema.json"}), "nothing is fetched"),
        (of(a={"$ref": "file:///etc/passwd"}), "nothing is fetched"),
        (of(a={"$ref": "#/$defs/missing"}), "leads nowhere"),
        (of(a={"$id": "http://localhost/", "$ref": "#/$defs/x"}), r"\$id is not supported"),
        ({**of(a={"$ref": "#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/a"}}}, "without an end"),
        (of(**{f"field_{n}": {} for n in range(41)}), "more than 40"),
        (of(a={"description": "x" * 17_000}), "longer than"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_its_place(schema: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        AfterCall(extract=schema)


def test_a_schema_that_is_nested_without_measure_is_refused() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(200):
        schema = {"type": "array", "items": schema}
    with pytest.raises(ValidationError, match="nested deeper"):
        AfterCall(extract=of(a=schema))


@pytest.mark.parametrize("outcomes", [["a", "a"], [""], ["x" * 81], [str(number) for number in range(31)]])
def test_outcomes_are_few_short_and_different(outcomes: list[str]) -> None:
    with pytest.raises(ValidationError):
        AfterCall(outcomes=tuple(outcomes))


def test_an_agent_wants_nothing_unless_it_says_so() -> None:
    agent = Agent(name="desk", greeting="Hello.", instructions="Be brief.")
    assert not agent.after_call.wanted
    assert AfterCall(summary=True).wanted
    assert AfterCall(outcomes=("a",)).wanted
