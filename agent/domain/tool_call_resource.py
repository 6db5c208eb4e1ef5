"""The use of a tool as the API shows it and webhooks carry it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.domain.tool_calls import ToolCall, ToolStatus


class ToolCallResource(BaseModel):
    """What the language model asked for, and what came of it."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    object: Literal["tool_call"] = "tool_call"
    id: str
    """The `webhook-id` with which the application was asked."""
    name: str
    arguments: dict[str, Any]
    status: ToolStatus
    result: Any = None
    error: str | None = None
    """The application's own words on why not, or what is wrong with the arguments."""
    code: str | None = None
    """Of the failure, such as `webhook_timeout`."""
    started_at: float
    """Seconds since the call was answered."""
    duration_ms: float

    @classmethod
    def of(cls, call: ToolCall) -> ToolCallResource:
        """For the public."""
        return cls(
            id=call.id,
            name=call.name,
            arguments=dict(call.arguments),
            status=call.status,
            result=call.answer.result,
            error=call.answer.error or None,
            code=call.code or None,
            started_at=round(call.started_at, 3),
            duration_ms=round(call.duration_s * 1000, 1),
        )

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return self.model_dump(mode="json")
