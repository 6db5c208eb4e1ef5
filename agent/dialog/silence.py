"""What to do when nobody says anything: ask, ask again, then go. Pure."""

from __future__ import annotations

from enum import Enum

from agent.domain.agent import Limits


class SilenceAction(Enum):
    """What the silence calls for."""

    ASK = "ask"
    END = "end"


class SilenceWatch:
    """Counts the questions that went unanswered."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._asked = 0
        self._quiet_since: float | None = None

    def quiet(self, at: float) -> None:
        """Both sides are silent from now on (seconds)."""
        if self._quiet_since is None:
            self._quiet_since = at

    def sound(self) -> None:
        """Somebody makes a sound: the silence is over."""
        self._quiet_since = None

    def words(self) -> None:
        """The caller was understood: they are there."""
        self._asked = 0

    def due_at(self) -> float | None:
        """When (seconds) `act` has something to do; None while somebody speaks."""
        return None if self._quiet_since is None else self._quiet_since + self._limits.silence_prompt_s

    def act(self, at: float) -> SilenceAction | None:
        """What is due at this moment, if anything; asking counts."""
        due = self.due_at()
        if due is None or at < due:
            return None
        self._quiet_since = None
        if self._asked >= self._limits.silence_prompts:
            return SilenceAction.END
        self._asked += 1
        return SilenceAction.ASK
