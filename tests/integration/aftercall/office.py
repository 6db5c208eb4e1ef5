"""Calls that have ended, with something to be worked out about them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from agent.aftercall.clerk import Clerk
from agent.domain.after_call import AfterCall
from agent.domain.agent import Agent
from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.events import CallChanged, TurnEnded
from agent.domain.summary_resource import Findings, SummaryResource
from agent.domain.turns import Speaker, Turn
from agent.errors import LanguageModelError
from agent.store import agents, summaries
from agent.store.agents import API
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
WANTED = AfterCall(summary=True, outcomes=("booked", "complaint"))
DESK = Agent(name="desk", greeting="Good day.", instructions="Be brief.", after_call=WANTED)
SAID = [Turn(0, Speaker.AGENT, "Good day.", 0.1, 1.0), Turn(1, Speaker.CALLER, "Two tickets, please.", 2.0, 3.0)]


async def hire(store: Store, agent: Agent = DESK) -> None:
    async with store.write() as connection:
        await agents.create(connection, agent, source=API, now=NOW)


async def took(store: Store, call_id: str = "call_1", *, answered: bool = True) -> list[StoredEvent]:
    """A whole call of the desk; what was told of it."""
    call = Call(call_id, Direction.INBOUND, "+49301", "1000", "desk", CallStatus.RINGING, NOW, agent_version=1)
    happened: list[CallChanged | TurnEnded] = [CallChanged(call_id, NOW, call=call)]
    if answered:
        call = transition(call, CallStatus.IN_PROGRESS, at=NOW)
        happened.append(CallChanged(call_id, NOW, call=call))
        happened += [TurnEnded(call_id, NOW, turn=turn) for turn in SAID]
        call = transition(call, CallStatus.COMPLETED, at=NOW, reason=EndedReason.CALLER_HANGUP)
    else:
        call = transition(call, CallStatus.CANCELED, at=NOW, reason=EndedReason.CANCELED)
    chronicle = Chronicle(store, server="one")
    told: list[StoredEvent] = []
    async with store.write() as connection:
        for event in [*happened, CallChanged(call_id, NOW, call=call)]:
            told += await chronicle.write(connection, event)
            chronicle.committed(event)
    return told


async def summary(store: Store, call_id: str = "call_1") -> SummaryResource:
    async with store.read() as connection:
        found = await summaries.get(connection, call_id)
    assert found is not None
    return found


class Brain:
    """Stands in for the summarizer. It holds what it works on while `free` is not set."""

    def __init__(self, *errors: LanguageModelError | Exception) -> None:
        self.errors = list(errors)
        self.worked: list[Sequence[Turn]] = []
        self.busy = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    async def work_out(self, turns: Sequence[Turn], wanted: AfterCall, *, language: str) -> Findings:
        assert (wanted, language) == (WANTED, "en")
        self.worked.append(turns)
        self.busy.set()
        await self.free.wait()
        if self.errors:
            raise self.errors.pop(0)
        return Findings(text="Two tickets.", outcome="booked")


class Time:
    """A clock that goes when it is told to, and sleepers that wake when it has gone far enough."""

    def __init__(self) -> None:
        self.now = NOW
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []
        self.slept = asyncio.Event()

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self._sleepers.append((self.now + timedelta(seconds=seconds), event))
        self.slept.set()
        await event.wait()

    def passes(self, **by: float) -> None:
        self.now += timedelta(**by)
        for due, event in self._sleepers:
            if due <= self.now:
                event.set()


def clerk(
    store: Store, brain: Brain, time: Time | None = None, *, server: str = "one", told: list[StoredEvent] | None = None
) -> Clerk:
    clock = time or Time()
    heard: list[StoredEvent] = [] if told is None else told
    return Clerk(store, brain, server=server, told=heard.extend, clock=clock, sleep=clock.sleep)
