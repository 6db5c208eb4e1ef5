"""An order desk and dispatchers over a real database, and a telephone exchange that tests play."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.domain.agent import AgentRef
from agent.domain.call import Call, CallStatus, EndedReason, transition
from agent.domain.call_resource import CallResource
from agent.domain.dialing import Dial, DialOutcome, DialResult, Route
from agent.domain.events import CallChanged
from agent.domain.outbound import OutboundOrder
from agent.ids import new_call_id
from agent.outbound.dispatcher import Dispatcher
from agent.outbound.order_desk import OrderDesk
from agent.outbound.trunks import Trunks
from agent.settings import CapacitySettings, OutboundSettings, TrunkSettings
from agent.store import calls, do_not_call
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.telephony.capacity import Capacity
from agent.telephony.places import Places

NUMBER, OTHER = "+493012345678", "+493087654321"
WAIT_S = 20
Behaviour = Callable[[Dial], DialResult]


@dataclass
class Exchange:
    """A CallPlacer: every way answers, unless `behaviour` says otherwise; calls last until `over` is set."""

    store: Store
    server: str
    behaviour: Behaviour = lambda _dial: DialResult.ANSWERED
    dials: list[Dial] = field(default_factory=list)
    placed: list[Call] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    drains: bool = False
    breaks: bool = False
    _done: int = 0
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def led(self, count: int) -> None:
        """Return when so many calls were led to their end."""
        async with asyncio.timeout(WAIT_S), self._more:
            await self._more.wait_for(lambda: self._done >= count)

    async def place(self, call: Call, route: Route) -> Call:
        if self.drains:
            return call
        self.placed.append(call)
        if self.breaks:
            raise RuntimeError("broken on purpose")
        outcome: DialOutcome | None = None
        while (dial := await route.next(outcome)) is not None:
            self.dials.append(dial)
            if call.status is CallStatus.QUEUED:
                call = await self._becomes(call, CallStatus.RINGING)
            outcome = DialOutcome(self.behaviour(dial))
            if outcome.result is not DialResult.TRUNK_FAILED:
                break
        if outcome is None or outcome.result is not DialResult.ANSWERED:
            reason = EndedReason.TELEPHONY_ERROR
            return await self._becomes(call, CallStatus.FAILED, reason)
        call = await self._becomes(call, CallStatus.IN_PROGRESS)
        await self.over.wait()
        call = await self._becomes(call, CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
        async with self._more:
            self._done += 1
            self._more.notify_all()
        return call

    async def _becomes(self, call: Call, status: CallStatus, reason: EndedReason | None = None) -> Call:
        now = datetime.now(UTC)
        changed = transition(call, status, at=now, reason=reason)
        async with self.store.write() as connection:
            await Chronicle(self.store, server=self.server).write(connection, CallChanged(call.id, now, call=changed))
        return changed


@dataclass
class Bureau:
    """One server's part of the queue."""

    store: Store
    settings: OutboundSettings
    exchange: Exchange
    desk: OrderDesk
    dispatcher: Dispatcher
    trunks: Trunks
    places: Places
    told: list[StoredEvent]
    sleeps: list[float]
    ahead: list[timedelta]
    """The time of day goes ahead by their sum."""

    async def order(self, to: str = NUMBER, **more: Any) -> CallResource:
        return await self.desk.order(OutboundOrder(new_call_id(), to, AgentRef("desk", 1), **more))

    async def call(self, call_id: str) -> CallResource:
        async with self.store.read() as connection:
            found = await calls.get(connection, call_id)
        assert found is not None
        return found

    async def ends(self, call_id: str) -> CallResource:
        """The call once it is over; whoever dials is looked for again and again."""
        async with asyncio.timeout(WAIT_S):
            while not (found := await self.call(call_id)).status.terminal:
                await self.dispatcher.look()
                await asyncio.sleep(0.01)
        return found

    async def ends_after_answer(self, call_id: str) -> CallResource:
        """The same, of calls that whoever answers ends at once."""
        self.exchange.over.set()
        return await self.ends(call_id)

    async def dialled(self, count: int) -> list[Dial]:
        """The attempts, once there are so many."""
        async with asyncio.timeout(WAIT_S):
            while len(self.exchange.dials) < count:
                await self.dispatcher.look()
                await asyncio.sleep(0.01)
        return self.exchange.dials

    async def forbid(self, number: str) -> None:
        async with self.store.write() as connection:
            await do_not_call.add(self.store, connection, number, source=do_not_call.API, now=datetime.now(UTC))

    def types(self, call_id: str) -> list[str]:
        return [event.type for event in self.told if event.call_id == call_id]


def a_bureau(store: Store, *, server: str = "one", places: int = 50, agents: bool = True, **settings: Any) -> Bureau:
    """`agents`: whether there are any by the time a call's turn comes."""

    outbound = OutboundSettings.model_validate(
        {
            "allow": ("+49",),
            "trunks": {"main": TrunkSettings(endpoint="main", max_calls=50, calls_per_second=100)},
            **settings,
        }
    )
    told: list[StoredEvent] = []
    sleeps: list[float] = []
    ahead: list[timedelta] = []

    def now() -> datetime:
        return datetime.now(UTC) + sum(ahead, timedelta())

    def tell(events: Sequence[StoredEvent]) -> None:
        told.extend(events)

    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        await asyncio.sleep(0)

    async def knows(_agent: AgentRef) -> bool:
        return agents

    desk = OrderDesk(store, outbound, server=server, told=tell, now=now)
    exchange, trunks = Exchange(store, server), Trunks(outbound)
    seats = Places(Capacity(CapacitySettings(max_calls=places)))
    dispatcher = Dispatcher(
        store,
        outbound,
        desk,
        exchange,
        server=server,
        trunks=trunks,
        seats=seats,
        ready=lambda: True,
        told=tell,
        knows=knows,
        now=now,
        sleep=sleep,
    )
    return Bureau(store, outbound, exchange, desk, dispatcher, trunks, seats, told, sleeps, ahead)


def answering(results: dict[str, DialResult]) -> Behaviour:
    """What each trunk says."""
    return lambda dial: results[dial.trunk]


__all__ = ["NUMBER", "OTHER", "WAIT_S", "Bureau", "a_bureau", "answering"]
