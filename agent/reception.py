"""The front desk of a running agent: asks the application about a call, and makes its greeting ready."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from agent.dialog.phrases import PhraseBook
from agent.dialog.script.script_call import script_opening
from agent.domain.agent import Agent
from agent.domain.call import Call
from agent.domain.call_day import day_of
from agent.domain.lookup import Lookup
from agent.errors import TextToSpeechError
from agent.webhooks.agent_lookup import AgentLookup

log = structlog.get_logger()


class FrontDesk:
    """A Reception of `agent.telephony`."""

    def __init__(self, lookup: AgentLookup, mouth: PhraseBook, agent_of: Callable[[Call], Agent]) -> None:
        """`agent_of`: the agent as it is in a call, with what it was told."""
        self._lookup = lookup
        self._mouth = mouth
        self._agent_of = agent_of

    def asks_about(self, call: Call) -> bool:
        """See Reception."""
        return bool(self._lookup.url(call))

    async def ask(self, call: Call) -> tuple[Call, Lookup]:
        """See Reception."""
        return await self._lookup.ask(call)

    async def prepare(self, call: Call) -> None:
        """See Reception. A greeting that is the same in all calls is ready since the start."""
        agent = self._agent_of(call)
        try:
            for text in filter(None, _first_words(agent, call)):
                await self._mouth.prepare_once(text, voice=agent.voice, language=agent.language)
        except TextToSpeechError as error:
            log.warning("reception.greeting_not_ready", call_id=call.id, code=error.code, error=str(error))


def _first_words(agent: Agent, call: Call) -> tuple[str, ...]:
    """What the call begins with; of a script all up to its first question, since short sentences wait for the next."""
    if agent.script is None:
        return agent.greeting, agent.notice
    return script_opening(agent, call, today=day_of(call, datetime.now().astimezone()))
