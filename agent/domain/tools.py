"""A tool: something that an application does, or finds out, when the language model asks for it in a call."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from agent.domain.http_tool import HttpRequest
from agent.domain.json_schema import check_schema

ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
_SIMPLE = frozenset(("string", "integer", "number", "boolean"))
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,63})\}")
HttpUrl = Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$", max_length=2000)]


def _is_schema_of_an_object(value: dict[str, Any]) -> dict[str, Any]:
    if value.get("type") != "object":
        raise ValueError('the schema must have "type": "object"')
    check_schema(value)
    return value


class Tool(BaseModel):
    """What the model is told of it, and how the application is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: ToolName
    description: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    """What it does and when to use it, for the language model."""
    parameters: Annotated[dict[str, Any], AfterValidator(_is_schema_of_an_object)] = Field(
        default_factory=lambda: {"type": "object", "properties": {}}
    )
    """JSON schema (2020-12) of the arguments, of type object."""
    url: HttpUrl = ""
    """Where it is asked for; empty: `webhooks.tool_url` of the configuration."""
    http: HttpRequest | None = None
    """A web service that is asked instead of the application; null: none."""
    timeout_s: float | None = Field(default=None, gt=0, le=30)
    """So long it may take; null: `webhooks.sync_timeout_s`."""
    say: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    """Said to its end before it is asked for, unless the model has said something itself; empty: nothing."""
    once: bool = False
    """Done at most once in a call: the model that asks again is given the first result."""
    confirm: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    """For a tool that changes something: the question that the caller is asked first, in which `{name}` stands for the
    argument of that name. Only after a clear yes, or the key 1, is it done; empty: nobody is asked."""

    @model_validator(mode="after")
    def _places_are_filled(self) -> Self:
        known = self.parameters.get("properties", {})
        for name in self.http.places if self.http is not None else ():
            kind = known.get(name, {}).get("type") if isinstance(known.get(name), Mapping) else None
            if name not in self.parameters.get("required", []) or kind not in _SIMPLE:
                raise ValueError(f"the place {{{name}}} of the address needs a required parameter of a simple type")
        return self

    def question(self, arguments: Mapping[str, Any]) -> str:
        """What the caller is asked before it is done; empty: nothing."""
        return _PLACE.sub(lambda place: _spoken(arguments.get(place[1], "")), self.confirm)


def _spoken(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
