"""A simulated callee at the softphone: hears the agent out, and answers what it asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from agent.domain.events import TurnEnded
from agent.rehearsal.bridging import bridges
from agent.rehearsal.events import EventDict
from agent.scripts.person import Person
from agent.testing.softphone import PhoneCall
from agent.testing.softphone.rtp import RATE, Pcm

QUIET_MS = 1200
"""So long the agent is quiet before a callee takes it to have finished."""
MOST_TURNS = 30
"""Of a callee; then they hang up."""
PATIENCE_S = 150.0
"""How long somebody waits for the agent to speak or to fall silent."""
LOOK_S = 0.1
"""Between looks at the agent's own account."""


class ScriptTalker:
    """Belongs to one call; see Talk."""

    def __init__(self, person: Person, sounds: Mapping[str, Pcm]) -> None:
        """`sounds`: everything that the person may say."""
        self._person = person
        self._sounds = sounds
        self.said: list[str] = []

    async def __call__(self, call: PhoneCall, events: Sequence[EventDict]) -> str | None:
        """Talk until the agent hangs up. Raises CallEndedError."""
        heard_until, dealt_with = call.answered_at or 0, 0
        try:
            while len(self.said) < MOST_TURNS:
                began = await asyncio.wait_for(call.agent_started(after=heard_until), PATIENCE_S)
                await asyncio.wait_for(call.agent_quiet(QUIET_MS, after=began), PATIENCE_S)
                heard = await asyncio.wait_for(_turns(call, events, dealt_with), PATIENCE_S)
                words = self._person.reply(heard)
                self.said.append(words)
                dealt_with = len(events)
                heard_until = (await call.say(self._sounds[words])).end
        except TimeoutError:
            return f"The agent said nothing, or did not stop, within {PATIENCE_S:g} s."
        return f"The agent did not end the call within {MOST_TURNS} turns."


async def _turns(call: PhoneCall, events: Sequence[EventDict], since: int) -> str:
    """What the agent has said by its own account, once it tells that a turn of its is over."""
    while True:
        own = [one["turn"] for one in events[since:] if one["type"] == TurnEnded.type]
        texts = [turn["text"] for turn in own if turn["speaker"] == "agent"]
        if texts and not bridges(events):
            return " ".join(texts)
        await call.reached(call.position + round(LOOK_S * RATE))
