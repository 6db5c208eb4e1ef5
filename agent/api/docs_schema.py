"""JSON schemas as HTML, for /docs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "pattern {}",
    "default": "default {}",
}


def fields_table(schema: Mapping[str, Any]) -> str:
    """The fields of an object; for anything else, what kind it is."""
    properties = schema.get("properties")
    if not properties:
        return f"<p>{kind_of(schema)}</p>"
    required = schema.get("required", [])
    rows = [
        f"<tr><td><code>{escape(name)}</code></td><td>{'required' if name in required else 'optional'}</td>"
        f"<td>{kind_of(one)}</td><td>{escape(one.get('description', ''))}</td></tr>"
        for name, one in properties.items()
    ]
    return f"<table>{''.join(rows)}</table>"


def kind_of(schema: Mapping[str, Any]) -> str:
    """What a value is, and its bounds; a named schema as a link."""
    limits = [
        words.format(f"<code>{escape(_json(schema[key]))}</code>") for key, words in BOUNDS.items() if key in schema
    ]
    return ", ".join([_name(schema), *limits])


def _name(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    for choice, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        if choice in schema:
            return word.join(kind_of(one) for one in schema[choice])
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return " or ".join(f"<code>{escape(_json(one))}</code>" for one in values)
    return _plain(schema)


def _plain(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if kind == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {kind_of(schema['additionalProperties'])}"
    text = str(kind or "any JSON")
    return escape(f"{text} ({schema['format']})" if "format" in schema else text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
