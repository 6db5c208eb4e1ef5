"""What an agent is told of one call, by name, and texts that have places for it. Pure.

A text may hold `{{name}}`: the value of that variable is put there as it is, once. What stands in a value is text,
never a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Value = Annotated[str, StringConstraints(max_length=2000)] | bool | int | float
Variables = Annotated[dict[VariableName, Value], Field(max_length=50)]
_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")


def rendered(text: str, variables: Mapping[str, Value]) -> str:
    """`text` with the values in their places; a variable that is not there leaves nothing."""
    return _PLACE.sub(lambda place: _plain(variables.get(place[1], "")), text)


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
