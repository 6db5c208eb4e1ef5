"""An example for each schema, taken from those of the routes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from agent.api.schema_names import PREFIX

Schema = MutableMapping[str, Any]


def add_examples(schemas: Mapping[str, Schema], given: Iterable[tuple[Mapping[str, Any], Any]]) -> None:
    """Give each schema an example: that of a route, or the part of one where it is used; a list one of its items.

    `given`: schemas, or references to them, with an example of each.
    """
    found: dict[str, Any] = {}
    for schema, example in given:
        _learn(schema, example, schemas, found)
    for name, schema in schemas.items():
        if "enum" in schema:
            found.setdefault(name, schema["enum"][0])
    for name, schema in schemas.items():
        if name not in found and (made := _list_of(schema, found)) is not None:
            found[name] = made
        if name in found:
            schema["examples"] = [found[name]]


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """`example` of what a reference leads to, for the place that refers to it; empty where there is none."""
    examples = schemas.get(_name(schema), {}).get("examples", [])
    return {"example": examples[0]} if examples else {}


def _learn(schema: Mapping[str, Any], value: Any, schemas: Mapping[str, Schema], found: dict[str, Any]) -> None:
    if value is None:
        return
    name = _name(schema)
    if name in schemas:
        found.setdefault(name, value)
        schema = schemas[name]
    for one in schema.get("anyOf", ()):
        if _name(one) or one.get("type") == "array":
            _learn(one, value, schemas, found)
    if isinstance(value, Mapping):
        for key, part in schema.get("properties", {}).items():
            _learn(part, value.get(key), schemas, found)
    if isinstance(value, list) and value and "items" in schema:
        _learn(schema["items"], value[0], schemas, found)


def _list_of(schema: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any] | None:
    """A list whose items have an example."""
    fields = schema.get("properties", {})
    item = found.get(_name(fields.get("data", {}).get("items", {})))
    if item is None:
        return None
    rest = {"object": "list", "data": [item], "has_more": False, "next_cursor": None}
    return {name: value for name, value in rest.items() if name in fields}


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).removeprefix(PREFIX)
