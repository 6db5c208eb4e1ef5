"""How far a call came in its script. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.domain.script_values import SlotValue


@dataclass(frozen=True, slots=True)
class ScriptProgress:
    """At one moment of a call, or at its end."""

    state: str
    """The state in which the call is, or was last."""
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    """What is settled; null: asked for in vain. A slot that is not here was not asked for."""
    exit: str | None = None
    """The exit by which the call went; None while it goes on, and where somebody hung up before its end."""
    outcome: str | None = None
    """Of that exit."""
    success: bool | None = None
    """Whether the purpose was reached."""
