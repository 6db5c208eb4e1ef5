"""What conversations cost: processor time of one call, memory of four."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from agent.bench.conversation.ballast import ballast
from agent.bench.conversation.house import House
from agent.bench.conversation.people import People, whole_sentences
from agent.bench.conversation.plan import Plan
from agent.bench.conversation.processor import memory_gb
from agent.bench.conversation.row import Control, Findings
from agent.bench.conversation.talk import NUMBER, Talk, Talkers, receptionist, talk
from agent.domain.agent import Agent
from agent.ops.report import measured

BURN = 0.9
"""Of a core: 54 s in each minute, less where others want it too."""
HOLD_MB = 2500
SAMPLE_S = 2.0
MEMORY_CALLS = 4
TURNS_EACH = 3
"""Of a caller while memory is watched: what a call takes, it takes by its first answers."""


class Cpu:
    """Processor time of all processes in the talk of one caller."""

    name = "cpu"

    @property
    def agents(self) -> Mapping[str, Agent]:
        """See Row."""
        return {NUMBER: receptionist()}

    @property
    def controls(self) -> Mapping[str, Control]:
        """See Row."""
        return {"burner": Control(f"a process that wants {BURN:.0%} of a core is counted in")}

    async def run(self, house: House, plan: Plan) -> Findings:
        """See Row."""
        async with _burning(house, plan):
            heard = await talk(house, plan, 1)
        minutes = sum(chat.seconds for chat in heard.chats) / 60
        used: dict[str, float] = {}
        for chat in heard.chats:
            for name, seconds in chat.cpu_s.items():
                used[name] = used.get(name, 0.0) + seconds
        per_minute = {name: seconds / minutes for name, seconds in used.items()} if minutes else {}
        total = sum(per_minute.values()) if per_minute else None
        return Findings(
            measures=(measured("conversation.cpu_per_call_minute", total, count=len(heard.chats)),),
            failures=tuple(heard.broken),
            notes=(f"cpu: {_listed(per_minute, 's')} in {minutes:.1f} minutes",),
            details={"minutes": minutes, "cpu_s_per_minute": per_minute},
        )


class Memory:
    """Memory of all processes, the most of it while four callers talk."""

    name = "memory"

    @property
    def agents(self) -> Mapping[str, Agent]:
        """See Row."""
        return {NUMBER: receptionist()}

    @property
    def controls(self) -> Mapping[str, Control]:
        """See Row."""
        return {"ballast": Control(f"a process that holds {HOLD_MB / 1000:g} GB is counted in")}

    async def run(self, house: House, plan: Plan) -> Findings:
        """See Row."""
        chance = plan.random(self.name)
        recordings = await asyncio.to_thread(whole_sentences)
        talkers = Talkers(house, People(recordings, chance), chance, number=NUMBER, agent=receptionist())
        idle = memory_gb(house.processes())
        turns = min(plan.turns, MEMORY_CALLS * TURNS_EACH)
        async with _holding(house, plan):
            talking = asyncio.ensure_future(talkers.talk(MEMORY_CALLS, turns))
            try:
                samples = [sample async for sample in _samples(house, talking)]
                heard = await talking
            finally:
                talking.cancel()
        most = max(samples, key=lambda sample: sum(sample.values()), default={})
        return Findings(
            measures=(
                measured("conversation.memory_4_calls", sum(most.values()) if most else None, count=len(samples)),
            ),
            failures=tuple(heard.broken),
            notes=(f"memory: {_listed(most, 'GB')}; without calls {sum(idle.values()):.2f} GB",),
            details={"idle_gb": idle, "most_gb": most},
        )


@asynccontextmanager
async def _burning(house: House, plan: Plan) -> AsyncIterator[None]:
    if plan.control != "burner":
        yield
        return
    async with ballast(house, burn=BURN):
        yield


@asynccontextmanager
async def _holding(house: House, plan: Plan) -> AsyncIterator[None]:
    if plan.control != "ballast":
        yield
        return
    async with ballast(house, hold_mb=HOLD_MB):
        yield


async def _samples(house: House, until: asyncio.Future[Talk]) -> AsyncIterator[Mapping[str, float]]:
    """Memory by process while all calls stand, every two seconds and until the talk is over."""
    while not until.done():
        await asyncio.wait({until}, timeout=SAMPLE_S)
        yield await asyncio.to_thread(memory_gb, house.processes())


def _listed(values: Mapping[str, float], unit: str) -> str:
    most_first = sorted(values.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {value:.2f} {unit}" for name, value in most_first)
