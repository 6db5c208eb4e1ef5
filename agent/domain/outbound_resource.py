"""What the API shows of an outbound call's order."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from agent.domain.outbound_rules import OutboundRule


class OutboundResource(BaseModel):
    """How a call out was ordered, and what came of the ways it took."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    scheduled_at: datetime | None = None
    """Not dialled before; null: as soon as possible."""
    priority: int
    """Higher goes first."""
    ring_timeout_seconds: float
    dialled_at: datetime | None = None
    """When its turn came; null while it waits, and where it was never dialled."""
    trunk: str | None = None
    """The one that was asked last."""
    attempts: int
    """Requests to trunks."""
    refusal: OutboundRule | None = None
    """The rule that forbade the call when its turn came."""
    opted_out: bool = False
    """Whether the callee said that they do not want to be called again."""
