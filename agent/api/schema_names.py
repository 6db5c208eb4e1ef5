"""Schemas by the names that a client's programmer would give them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

PREFIX: Final = "#/components/schemas/"
_PAGE = re.compile(r"^Page_(\w+)_$")
_SUFFIX: Final = "Resource"


def public_names(schemas: Mapping[str, Any]) -> dict[str, str]:
    """The name of each: `CallResource` is `Call`, `Page_CallResource_` is `CallList`; never two of one name."""
    return {name: _free(_public(name), name, schemas) for name in schemas}


def renamed(part: Any, names: Mapping[str, str]) -> Any:
    """A part of the document with its references renamed, and without the titles that pydantic makes of names."""
    if isinstance(part, list):
        return [renamed(one, names) for one in part]
    if not isinstance(part, Mapping):
        return part
    # What a property that is called `title` maps to is a schema, not a text.
    named = {key: renamed(value, names) for key, value in part.items() if key != "title" or not isinstance(value, str)}
    reference = part.get("$ref")
    if isinstance(reference, str) and reference.startswith(PREFIX):
        name = reference.removeprefix(PREFIX)
        named["$ref"] = PREFIX + names.get(name, name)
    return named


def names_in(part: Any) -> set[str]:
    """Names of all schemas that a part of the document refers to."""
    if isinstance(part, list):
        return set().union(*map(names_in, part))
    if not isinstance(part, Mapping):
        return set()
    reference = part.get("$ref")
    own = {reference.removeprefix(PREFIX)} if isinstance(reference, str) else set()
    return own.union(*map(names_in, part.values()))


def _public(name: str) -> str:
    page = _PAGE.match(name)
    return f"{_public(page[1])}List" if page else name.removesuffix(_SUFFIX)


def _free(public: str, name: str, schemas: Mapping[str, Any]) -> str:
    others = [other for other in schemas if other != name]
    taken = public in others or any(_public(other) == public for other in others)
    return name if taken else public
