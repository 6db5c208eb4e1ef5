"""How a call went by its script, as the API shows it and webhooks carry it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from agent.domain.outbound import ScriptRef
from agent.domain.script_progress import ScriptProgress
from agent.domain.script_values import SlotValue


class ScriptRunResource(BaseModel):
    """Of one call, as far as it has come."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    id: str | None = None
    """Of the script; null where it is a part of the agent."""
    version: int | None = None
    """The approved version that the call keeps to its end; null where the script is a part of the agent."""
    state: str | None = None
    """The state in which the call is, or was last; null before the first words."""
    outcome: str | None = None
    """Of the exit by which the call went; null while it goes on, and where somebody hung up before its end."""
    success: bool | None = None
    """Whether the purpose was reached; null as for `outcome`."""
    exit: str | None = None
    """The name of that exit."""
    slots: dict[str, SlotValue] = Field(default_factory=dict)
    """What was found out, by slot; null: asked for in vain. What is not here was not asked for."""

    @classmethod
    def of(cls, ref: ScriptRef | None, progress: ScriptProgress | None) -> ScriptRunResource:
        """For the public."""
        return cls(
            id=ref.id if ref else None,
            version=ref.version if ref else None,
            state=progress.state if progress else None,
            outcome=progress.outcome if progress else None,
            success=progress.success if progress else None,
            exit=progress.exit if progress else None,
            slots=dict(progress.slots) if progress else {},
        )
