"""What to do when nobody says anything: ask, ask again, then go. Pure.

Sound without words (music, a fax, talk in the background) puts the question off, but not for ever.
"""

from __future__ import annotations

from enum import Enum

from agent.domain.agent import Limits


class SilenceAction(Enum):
    """What the silence calls for."""

    ASK = "ask"
    END = "end"


NOISE_FACTOR = 2
"""Sound without a word understood counts as silence after so many times the silence."""


class SilenceWatch:
    """Counts the questions that went unanswered."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._asked = 0
        self._quiet_since: float | None = None
        self._wordless_since: float | None = None

    def quiet(self, at: float) -> None:
        """Both sides are silent from now on (seconds)."""
        if self._quiet_since is None:
            self._quiet_since = at

    def sound(self, at: float) -> None:
        """The caller makes a sound, of which it is not known yet whether it holds words."""
        self._quiet_since = None
        if self._wordless_since is None:
            self._wordless_since = at

    def agent_speaks(self) -> None:
        """The agent has the turn: nothing is expected of the caller."""
        self._quiet_since = self._wordless_since = None

    def words(self) -> None:
        """The caller was understood: they are there."""
        self._asked = 0
        self._quiet_since = self._wordless_since = None

    def may_ask_again(self) -> bool:
        """Whether to say that nothing was understood, which counts like asking; False where that was said enough."""
        self._asked += 1
        return self._asked <= self._limits.silence_prompts

    def due_at(self) -> float | None:
        """When (seconds) `act` has something to do; None while somebody speaks."""
        patience = self._limits.silence_prompt_s
        due = [since + patience for since in (self._quiet_since,) if since is not None]
        due += [since + NOISE_FACTOR * patience for since in (self._wordless_since,) if since is not None]
        return min(due, default=None)

    def act(self, at: float) -> SilenceAction | None:
        """What is due at this moment, if anything; asking counts."""
        due = self.due_at()
        if due is None or at < due:
            return None
        self._quiet_since = self._wordless_since = None
        if self._asked >= self._limits.silence_prompts:
            return SilenceAction.END
        self._asked += 1
        return SilenceAction.ASK
