"""The JSON Schema by which an agent says what is to be known from a call: checked once, applied by field. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

MOST_FIELDS = 40
"""Each is one question to the model."""
LARGEST = 16_384
"""Characters of the schema as JSON: it goes into prompts."""
DEEPEST = 12
_LOCAL = ("#/$defs/", "#/definitions/")
_SHARED = ("$defs", "definitions")
_REFUSED = {
    "pattern": "a regular expression may run for ever; use enum, format or maxLength",
    "patternProperties": "a regular expression may run for ever; name the properties",
    "$id": "schemas are not looked up by name; use #/$defs/…",
    "$anchor": "use #/$defs/…",
    "$dynamicAnchor": "use #/$defs/…",
    "$dynamicRef": "use $ref with #/$defs/…",
}
_ONE_SCHEMA = frozenset(
    {"items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames", "unevaluatedItems"}
    | {"unevaluatedProperties"}
)
_MANY_SCHEMAS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_NAMED_SCHEMAS = frozenset({"properties", "dependentSchemas", *_SHARED})


def checked(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema, if it can be used. Raises ValueError with one sentence that names the place."""
    if len(json.dumps(schema)) > LARGEST:
        raise ValueError(f"the schema is longer than {LARGEST} characters")
    fields = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(fields, dict) or not fields:
        raise ValueError('the schema must be {"type": "object", "properties": {…}} with at least one property')
    if len(fields) > MOST_FIELDS:
        raise ValueError(f"the schema has more than {MOST_FIELDS} properties")
    for path, part in _parts(schema, "", 0):
        _check_part(path, part)
    try:
        Draft202012Validator.check_schema(schema)
        for name in fields:
            fits(schema, name, None)
    except SchemaError as error:
        raise ValueError(f"{_pointer(error)}: {error.message}") from None
    except Unresolvable as error:
        raise ValueError(f"$ref leads nowhere: {error.ref}") from None
    except RecursionError:
        raise ValueError("the schema refers to itself without an end") from None
    return dict(schema)


def field_schema(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One property as a schema of its own, without what it shares with others (see `shared`)."""
    part: dict[str, Any] = schema["properties"][name]
    return part


def shared(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`$defs` and `definitions`, which must stand at the root of whatever holds a property of this schema."""
    return {name: schema[name] for name in _SHARED if name in schema}


def fits(schema: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether `value` is valid for that property. Never looks anything up elsewhere."""
    whole = {"properties": {"value": field_schema(schema, name)}, **shared(schema)}
    validator = Draft202012Validator(whole, registry=Registry(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return bool(validator.is_valid({"value": value}))


def _check_part(path: str, part: Mapping[str, Any]) -> None:
    for keyword, why in _REFUSED.items():
        if keyword in part:
            raise ValueError(f"{path or '/'}: {keyword} is not supported: {why}")
    reference = part.get("$ref")
    if reference is not None and not str(reference).startswith(_LOCAL):
        raise ValueError(f"{path or '/'}: $ref must begin with #/$defs/; nothing is fetched from elsewhere")


def _parts(schema: Any, path: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema within a schema, with its JSON pointer. Raises ValueError where they are nested too deep."""
    if depth > DEEPEST:
        raise ValueError(f"{path}: the schema is nested deeper than {DEEPEST}")
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for keyword, value in schema.items():
        where = f"{path}/{keyword}"
        if keyword in _ONE_SCHEMA:
            yield from _parts(value, where, depth + 1)
        elif keyword in _MANY_SCHEMAS and isinstance(value, list):
            for at, one in enumerate(value):
                yield from _parts(one, f"{where}/{at}", depth + 1)
        elif keyword in _NAMED_SCHEMAS and isinstance(value, Mapping):
            for name, one in value.items():
                yield from _parts(one, f"{where}/{name}", depth + 1)


def _pointer(error: ValidationError | SchemaError) -> str:
    return "/" + "/".join(str(step) for step in error.absolute_path)
