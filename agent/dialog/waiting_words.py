"""A word to a caller who waits for long, or for whom something went wrong: once a turn, and no part of the answer."""

from __future__ import annotations

import asyncio

import structlog

from agent.dialog.agent_turn import AgentTurn
from agent.dialog.journal import Journal
from agent.dialog.parts import Parts
from agent.domain.agent import Agent
from agent.errors import PhoneAgentError

log = structlog.get_logger()


class WaitingWords:
    """For one turn of the agent."""

    def __init__(
        self, parts: Parts, agent: Agent, journal: Journal, turn: AgentTurn, *, caller_quiet: asyncio.Event
    ) -> None:
        """`caller_quiet` is set while the caller does not speak."""
        self._mouth = parts.mouth
        self._after_s = parts.settings.turns.filler_after_ms / 1000
        self._agent = agent
        self._journal = journal
        self._turn = turn
        self._caller_quiet = caller_quiet
        self._task: asyncio.Task[None] | None = None
        self._comforted = False
        self._apologised = False
        self._owed = False

    def caller_waits(self, *, since_s: float | None) -> None:
        """The turn is the agent's; since_s: on the call's clock, when the caller ended, None where nobody spoke."""
        if self._owed:
            self._say_one_moment()
        if self._after_s and since_s is not None:
            left_s = max(0.0, since_s + self._after_s - self._journal.clock())
            self._task = asyncio.create_task(self._unless_answered(left_s), name="filler")

    def close(self) -> None:
        """Nobody waits any more."""
        if self._task is not None:
            self._task.cancel()

    async def comfort(self) -> None:
        """A word to a caller for whom something is done that takes long."""
        if self._after_s:
            await asyncio.sleep(self._after_s)
            self._say_filler()

    def trouble(self, error: PhoneAgentError, *, speculative: bool) -> None:
        """Something is tried again; a caller who may not have finished hears of it when they have."""
        log.warning("conversation.trouble", code=error.code, error=str(error))
        self._journal.trouble(error)
        if speculative:
            self._owed = True
        else:
            self._say_one_moment()

    def not_needed(self) -> None:
        """What went wrong did not last until the caller had finished."""
        self._owed = False

    async def _unless_answered(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if not self._turn.text:
            self._say_filler()

    def _say_filler(self) -> None:
        """Unless the caller speaks just then."""
        filler = self._agent.phrases.let_me_see
        sound = self._mouth.get(filler, voice=self._agent.voice)
        if sound is not None and self._caller_quiet.is_set() and not self._comforted:
            self._comforted = True
            self._turn.say(filler, sound, aside=True)
            self._journal.filler_said()

    def _say_one_moment(self) -> None:
        sound = self._mouth.get(self._agent.phrases.one_moment, voice=self._agent.voice)
        if sound is not None and not self._apologised:
            self._apologised = True
            self._turn.say(self._agent.phrases.one_moment, sound, aside=True)
