from __future__ import annotations

from typing import Any

import pytest

from agent.domain.json_schema import check_schema, fault_of

ORDER = {
    "type": "object",
    "properties": {"number": {"type": "string", "pattern": "^[0-9]{4}$"}, "express": {"type": "boolean"}},
    "required": ["number"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"number": "1234"}, ""),
        ({"number": "1234", "express": True}, ""),
        ({}, "the whole: 'number' is a required property"),
        ({"number": 1234}, "number: 1234 is not of type 'string'"),
        ({"number": "1234", "express": "yes"}, "express: 'yes' is not of type 'boolean'"),
        ({"number": "1234", "sql": "drop"}, "the whole: Additional properties are not allowed"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(value: dict[str, Any], fault: str) -> None:
    assert fault_of(value, ORDER).startswith(fault)
    assert bool(fault_of(value, ORDER)) == bool(fault)


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({"type": "objekt"}, "no JSON schema"),
        ({"properties": {"a": {"pattern": "["}}}, "no JSON schema"),
        ({"properties": {"a": {"$ref": "http://127.0.0.1/secret"}}}, r"\$ref"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, r"\$ref"),
        ({"description": "x" * 20_000}, "characters"),
    ],
)
def test_what_is_no_schema_or_leads_elsewhere_is_refused(schema: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_schema(schema)


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "#/$defs/none"}, {"allOf": [{"$ref": "#"}]}])
def test_a_schema_that_cannot_be_applied_is_a_fault_and_no_crash(schema: dict[str, Any]) -> None:
    check_schema(schema)
    assert "cannot be applied" in fault_of({}, schema)


def test_a_long_value_does_not_make_a_long_sentence() -> None:
    assert len(fault_of({"number": "9" * 5000}, ORDER)) <= 300
