"""What a call costs, collected wherever work is done for it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Cost:
    """Of one call, so far."""

    cpu_seconds: float = 0.0
    """Processor time of model processes on this machine."""
    metered: bool = False
    """Whether any of it was measured: models on other machines are not."""

    @property
    def told(self) -> float | None:
        """For the record: seconds; None where nothing was measured."""
        return round(self.cpu_seconds, 3) if self.metered else None


COST: ContextVar[Cost | None] = ContextVar("cost", default=None)
"""Of the call that the present task works for; tasks inherit it. None: the work is for no call."""
