"""A tool: something that an application does, or finds out, when the language model asks for it in a call."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from agent.domain.json_schema import check_schema

ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
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
    timeout_s: float | None = Field(default=None, gt=0, le=30)
    """So long it may take; null: `webhooks.sync_timeout_s`."""
    say: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    """Said to its end before it is asked for, unless the model has said something itself; empty: nothing."""
    once: bool = False
    """Done at most once in a call: the model that asks again is given the first result."""
