"""One use of a tool in a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ToolStatus(StrEnum):
    """What came of it."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    """The application said why not."""
    FAILED = "failed"
    """It did not answer in time, or not as agreed; whether it has acted is not known."""
    INVALID = "invalid"
    """The model's arguments do not fit the tool: the application was not asked."""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What an application answers."""

    result: Any = None
    """Anything that JSON can say."""
    error: str = ""
    """Why it was not done; empty: it was."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Done, or given up."""

    id: str
    """`tool_…`; the application sees it as `webhook-id`."""
    name: str
    arguments: Mapping[str, Any]
    status: ToolStatus
    started_at: float
    """Seconds on the call's clock (0 = answered)."""
    duration_s: float = 0.0
    answer: ToolAnswer = field(default_factory=ToolAnswer)
    code: str = ""
    """Of the error, where it failed."""
