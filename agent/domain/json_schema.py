"""JSON schemas that others write (draft 2020-12), and values that are held against them. Nothing is ever fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry

LONGEST_SCHEMA = 16_384
"""Characters of JSON. A model reads all of it with every prompt."""
LONGEST_FAULT = 300
"""Characters of the sentence on what is wrong."""


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raises ValueError with one sentence for what is no schema, is too long, or points outside itself."""
    if len(json.dumps(schema)) > LONGEST_SCHEMA:
        raise ValueError(f"the schema has more than {LONGEST_SCHEMA} characters")
    if any(not reference.startswith("#") for reference in _references(schema)):
        raise ValueError("a $ref may only point into the schema itself, such as #/$defs/name")
    try:
        Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    except (SchemaError, RecursionError) as error:
        message = getattr(error, "message", "it is nested too deeply")
        raise ValueError(f"this is no JSON schema: {message[:LONGEST_FAULT]}") from None


def fault_of(value: object, schema: Mapping[str, Any]) -> str:
    """What is wrong with a value, in one sentence that names the place; empty where nothing is."""
    validator = Draft202012Validator(schema, registry=Registry())
    try:
        error = best_match(validator.iter_errors(value))
    except (
        Exception
    ) as broken:  # a schema that passes its check may still not be usable, such as one that only refers to itself
        return f"the schema cannot be applied ({type(broken).__name__})"
    if error is None:
        return ""
    place = ".".join(map(str, error.absolute_path))
    return f"{place or 'the whole'}: {error.message}"[:LONGEST_FAULT]


def _references(schema: object) -> Iterator[str]:
    waiting = [schema]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            for key, value in found.items():
                if key in {"$ref", "$dynamicRef"} and isinstance(value, str):
                    yield value
                waiting.append(value)
        elif isinstance(found, list | tuple):
            waiting.extend(found)
