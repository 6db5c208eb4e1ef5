"""An order to call somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent.domain.agent import AgentRef

RING_TIMEOUT_S = 30.0
"""Where the order says nothing else."""


@dataclass(frozen=True, slots=True)
class ScriptRef:
    """An approved version of a call script."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class OutboundOrder:
    """Whom to call, who speaks, and when."""

    call_id: str
    to: str
    """In E.164, validated."""
    agent: AgentRef
    from_: str = ""
    """The number to show, in E.164; empty: that of the trunk."""
    script: ScriptRef | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    scheduled_at: datetime | None = None
    """Not before; None: as soon as possible."""
    ring_timeout_s: float = RING_TIMEOUT_S
    max_duration_s: float | None = None
    """From the answer on; None: as the agent says."""
    record: bool | None = None
    """False: not at all, whatever the agent says; None: as the agent says."""
    detect_machine: bool | None = None
    """None: as the agent says."""
    priority: int = 0
    """Higher goes first, -100 to 100."""
    retries: int = 0
    """How often it is tried again, a while later, where no trunk could take it."""
