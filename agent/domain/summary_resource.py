"""What was worked out after a call, as the API shows it and webhooks carry it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class SummaryStatus(StrEnum):
    """How far it is."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class Support(StrEnum):
    """Whether the transcript supports a value."""

    SUPPORTED = "supported"
    """The quoted words stand in the turns that are named."""
    UNSUPPORTED = "unsupported"
    """The model gave a value, and words as evidence that nobody said: the value was dropped."""
    NOT_FOUND = "not_found"
    """The model found nothing of it in the transcript."""
    INVALID = "invalid"
    """The model gave nothing that fits the schema."""


class Evidence(BaseModel):
    """What a value rests on."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    status: Support
    turns: list[int] = Field(default_factory=list)
    """Indexes of the turns in which the quoted words were said."""
    quote: str | None = None
    """The words, as the model gave them."""


class SummaryEvidence(BaseModel):
    """By what was asked for."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    outcome: Evidence | None = None
    """Null where the agent names no outcomes."""
    data: dict[str, Evidence] = Field(default_factory=dict)
    """By property of the agent's schema."""


class Findings(BaseModel):
    """What the model made of a transcript, as far as it is supported."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    text: str | None = None
    """The summary; null where the agent wants none, and for a call in which the caller said nothing."""
    outcome: str | None = None
    """One of the agent's outcomes."""
    data: dict[str, Any] | None = None
    """By property of the agent's schema: a value that is valid and supported, or null. Null without a schema."""
    evidence: SummaryEvidence | None = None


class SummaryResource(Findings):
    """Summary, outcome and data of one call."""

    object: Literal["summary"] = "summary"
    call_id: str
    status: SummaryStatus
    error_code: str | None = None
    """Why it failed, or why the last attempt did that is going to be repeated."""
    attempts: int = 0
    """Begun so far."""
    requested_at: datetime
    finished_at: datetime | None = None
    """When it became ready or failed."""
