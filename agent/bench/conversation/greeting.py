"""How soon after the answer the caller hears the greeting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from agent.bench.conversation.house import House
from agent.bench.conversation.latency import DELAY
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.talk import NUMBER, receptionist
from agent.domain.agent import Agent
from agent.ops.percentiles import summarise
from agent.ops.report import Failure, figure, measured
from agent.testing.measure import read_tracks, speech_spans
from agent.testing.softphone.call import CallEndedError
from agent.testing.softphone.rtp import RATE

TIMEOUT_S = 15.0
LISTEN_S = 0.5
"""The call goes on for so long after the first sound, so that the detector has something to tell sound from."""
MOST_PAUSE_S = 0.5
"""Calls come at any moment of the agent's 20 ms clock."""


class Greeting:
    """`--turns` calls, one after the other, each hung up as soon as the greeting has begun."""

    name = "greeting"

    @property
    def agents(self) -> Mapping[str, Agent]:
        """See Row."""
        return {NUMBER: receptionist()}

    @property
    def controls(self) -> Mapping[str, Control]:
        """See Row."""
        return {"delay": DELAY}

    async def run(self, house: House, plan: Plan) -> Findings:
        """See Row."""
        chance = plan.random(self.name)
        found: list[float] = []
        failures: list[Failure] = []
        for call in range(1, plan.turns + 1):
            await asyncio.sleep(chance.uniform(0, MOST_PAUSE_S))
            try:
                found.append(await _greeting_ms(house))
            except (TimeoutError, CallEndedError, ValueError) as error:
                failures.append(Failure(f"greeting, call {call}", str(error) or "There was no greeting in time."))
            house.progress(f"greeting: {call} of {plan.turns} calls")
        summary = summarise(found)
        return Findings(
            measures=(
                measured("conversation.greeting_p50", summary.p50, count=summary.count),
                measured("conversation.greeting_p95", summary.p95, count=summary.count),
            ),
            failures=tuple(failures),
            notes=(f"greeting: the slowest {figure(summary.max)} ms",),
            details={"greeting_ms": found},
        )


async def _greeting_ms(house: House) -> float:
    """One call. Raises TimeoutError, CallEndedError or ValueError where there is no greeting."""
    async with house.dial(NUMBER) as dialled:
        call = dialled.call
        async with asyncio.timeout(TIMEOUT_S):
            if not await asyncio.shield(call.answered) or call.answered_at is None:
                raise ValueError("The call was not answered.")
            await call.reached(await call.agent_started(after=call.answered_at) + round(LISTEN_S * RATE))
        answered_at = call.answered_at
    _, received = await asyncio.to_thread(read_tracks, call.recording)
    first = next((span for span in speech_spans(received) if span.end > answered_at), None)
    if first is None:
        raise ValueError("Nothing was to be heard.")
    return round(1000 * (first.start - answered_at) / RATE, 1)
