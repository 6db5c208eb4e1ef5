"""One caller's conversation: listens, says what is in the script, waits for the whole answer, hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.bench.conversation.house import Dialled
from agent.bench.conversation.people import Line
from agent.rehearsal.performance import Performance, Said, Span
from agent.rehearsal.performer import measured
from agent.testing.softphone.call import CallEndedError
from agent.testing.softphone.rtp import RATE, Pcm

ANSWER_TIMEOUT_S = 30.0
"""How long a caller waits for an answer, and for its end; then the conversation has failed."""
SPEECH_TIMEOUT_S = 120.0
OVER_TIMEOUT_S = 15.0
"""How long after the hang-up the agent may take to tell how the call ended."""
LOOK_S = 0.1
"""How often the caller looks whether the agent is done."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something to say, with its sound."""

    line: Line
    sound: Pcm
    pause_ms: int
    """So long the agent has been quiet before it is said."""


class Chatter:
    """The caller in a call that was just dialled."""

    def __init__(self, dialled: Dialled) -> None:
        self._call = dialled.call
        self._follower = dialled.follower
        self._said: list[Said] = []
        self._heard_until = 0
        """Position up to which the agent's speech is dealt with."""
        self._answers = 0
        """Turns of the agent's that are dealt with."""

    async def answered(self) -> None:
        """Wait for the answer. Raises TimeoutError, CallEndedError."""
        if not await asyncio.wait_for(asyncio.shield(self._call.answered), ANSWER_TIMEOUT_S):
            raise CallEndedError("The call was not answered.")
        self._heard_until = self._call.answered_at or 0

    async def talk(self, script: Sequence[Spoken], goodbye_ms: int) -> None:
        """Hear the greeting, say all of it, hear the last answer. Raises TimeoutError, CallEndedError."""
        for number, spoken in enumerate(script, 1):
            await self._listen(spoken.pause_ms)
            span = await self._call.say(spoken.sound)
            self._said.append(Said(number, "say", spoken.line.text, Span(span.start / RATE, span.end / RATE)))
            self._heard_until, self._answers = span.end, self._agent_turns()
        await self._listen(goodbye_ms)

    async def over(self, trouble: str | None) -> Performance:
        """What came of the call, which must have been hung up. `trouble`: why it was not played to its end."""
        troubles = []
        try:
            await asyncio.wait_for(asyncio.shield(self._follower.over), OVER_TIMEOUT_S)
        except TimeoutError:
            troubles.append(f"The agent did not tell how the call ended within {OVER_TIMEOUT_S:g} s.")
        if trouble is not None:
            troubles.insert(0, f"{trouble} By the agent's account: {self._ended_reason}.")
        performance = await asyncio.to_thread(measured, self._call, self._said)
        return replace(performance, events=tuple(self._follower.events), troubles=tuple(troubles))

    async def _listen(self, pause_ms: int) -> None:
        """Until the agent has spoken, has told that its turn is over, and was quiet for so long.

        A person hears from the words that "Let me see." is not yet the answer; the bench takes the agent's word for it.
        """
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            began = await self._call.agent_started(after=self._heard_until)
        async with asyncio.timeout(SPEECH_TIMEOUT_S):
            while self._agent_turns() <= self._answers:
                await self._call.reached(self._call.position + round(LOOK_S * RATE))
            self._heard_until = await self._call.agent_quiet(pause_ms, after=began)
        self._answers = self._agent_turns()

    @property
    def _ended_reason(self) -> str:
        reasons = [event["call"]["ended_reason"] for event in self._follower.events if event["type"] == "call.changed"]
        return str(reasons[-1]) if reasons and reasons[-1] else "nothing"

    def _agent_turns(self) -> int:
        return sum(
            event["type"] == "turn.ended" and event["turn"]["speaker"] == "agent" for event in self._follower.events
        )
