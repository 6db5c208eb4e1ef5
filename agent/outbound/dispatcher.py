"""Takes orders from the queue as trunks and places allow, and has them dialled.

Several servers may share the queue. An order is taken in a transaction that counts and checks all rules again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.agent import AgentRef
from agent.domain.briefing import Briefing
from agent.domain.call import Call, CallStatus
from agent.domain.destination import Destination, destination
from agent.domain.dialing import CallPlacer
from agent.domain.limits import dialling_refusal
from agent.domain.outbound import OutboundOrder
from agent.domain.outbound_rules import OutboundRefusal, OutboundRule
from agent.domain.script import CallScript
from agent.errors import StoreError
from agent.outbound.order_desk import OrderDesk
from agent.outbound.trunk_route import TrunkRoute
from agent.outbound.trunks import Trunks
from agent.outbound.ways import dial
from agent.settings import OutboundSettings
from agent.store import orders, outbound_usage, scripts, switches
from agent.store.engine import Store
from agent.store.events import StoredEvent

log = structlog.get_logger()

POLL_S = 1.0
"""Between looks for what other servers ordered, and for places that calls which came in have left."""
AT_ONCE = 20
"""Orders in one transaction: others may write in between."""


class Seats(Protocol):
    """Places for calls, as `agent.telephony.places` has them."""

    def take(self, call_id: str) -> bool:
        """One of them for a call, if one is free."""

    def release(self, call_id: str) -> None:
        """The call needs none any more."""


async def _knows_all(_agent: AgentRef) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Taken:
    call: Call
    order: OutboundOrder
    trunk: str


class Dispatcher:
    """Belongs to one event loop."""

    def __init__(
        self,
        store: Store,
        settings: OutboundSettings,
        desk: OrderDesk,
        placer: CallPlacer,
        *,
        server: str,
        trunks: Trunks,
        seats: Seats,
        ready: Callable[[], bool],
        told: Callable[[Sequence[StoredEvent]], None],
        knows: Callable[[AgentRef], Awaitable[bool]] = _knows_all,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`ready`: whether calls may go out now, as they may not while the server drains or Asterisk is away.

        `knows` makes an agent's version ready to talk; False: there is no such agent any more.
        """
        self._store = store
        self._settings = settings
        self._limits = settings.limits()
        self._desk = desk
        self._placer = placer
        self._server = server
        self._trunks = trunks
        self._seats = seats
        self._ready = ready
        self._told = told
        self._knows = knows
        self._now = now
        self._sleep = sleep
        self._clock = asyncio.get_running_loop().time
        self._bell = asyncio.Event()
        self._ordered = self._held_up = True
        self._leading: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self.problem: str | None = None
        """Why nothing can be taken from the queue; None where all is well."""
        desk.when_changed(self._changed)

    @property
    def going(self) -> bool:
        """Whether it looks after the queue, as it must from `start` to `close`."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin to dial."""
        self._task = asyncio.create_task(self._run(), name="dispatcher")

    def wake(self) -> None:
        """There may be something to dial: look at once."""
        self._bell.set()

    def _changed(self) -> None:
        """There is something to dial: it need not be asked whether."""
        self._ordered = True
        self.wake()

    async def close(self) -> None:
        """Dial no more. Calls under way are the placer's to end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._leading:
            await asyncio.wait(self._leading)

    async def _run(self) -> None:
        while True:
            wait_s = POLL_S
            self._bell.clear()
            try:
                wait_s = await self.look()
                self.problem = None
            except StoreError as error:
                if self.problem is None:
                    log.warning("outbound.store_failed", code=error.code, error=str(error))
                self.problem = str(error)
            except Exception:
                log.exception("outbound.dispatch_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):  # wait_for swallows a cancellation that comes with the bell
                    await self._bell.wait()

    async def look(self) -> float:
        """Dial what may be dialled now; seconds until it is worth to look again. Raises StoreError."""
        if not self._ready() or self._settings.stopped:
            return POLL_S
        now = self._now()
        ordered, self._ordered, self._held_up = self._ordered, False, True
        if not ordered:
            async with self._store.glance() as connection:
                due_at = await orders.next_due_at(connection)
            if due_at is None or due_at > now:
                self._held_up = False
                return POLL_S if due_at is None else min(POLL_S, (due_at - now).total_seconds())
        wait_s = self._trunks.wait_s(self._clock())
        if wait_s is None or wait_s > 0:
            return POLL_S if wait_s is None else min(POLL_S, wait_s)
        prefixes = self._trunks.free_prefixes(self._clock())
        if not prefixes:
            return self._until_free_s()
        async with self._desk.taking:
            taken, told = await self._take(now, prefixes)
            for one in taken:
                task = asyncio.create_task(self._lead(one), name=f"{one.call.id}-out")
                self._leading.add(task)
                task.add_done_callback(self._leading.discard)
            await asyncio.sleep(0)  # they have begun when the lock is free: whoever cancels finds them under way
        self._told(told)
        return 0.0 if taken or told else self._until_free_s()

    def _until_free_s(self) -> float:
        waits = [wait for name in self._trunks.settings if (wait := self._trunks.wait_for_s(name, self._clock()))]
        return min([POLL_S, *waits])

    async def _take(self, now: datetime, prefixes: frozenset[str]) -> tuple[list[_Taken], list[StoredEvent]]:
        """Only numbers that a free trunk leads to are looked at: however many wait for full ones hold up none."""
        taken: list[_Taken] = []
        told: list[StoredEvent] = []
        try:
            async with self._store.write() as connection:
                await self._store.lock_orders(connection)
                if await switches.is_on(connection, switches.OUTBOUND_STOP):
                    return [], []
                for call, order in await orders.due(connection, now, prefixes=prefixes, limit=AT_ONCE):
                    at = self._clock()
                    if self._trunks.wait_s(at) != 0:
                        break
                    if (trunk := self._trunks.free(self._trunks.ways(order.to), at)) is None:
                        continue
                    if (refusal := await self._refusal(connection, order, now)) is not None:
                        log.info("outbound.refused", call_id=call.id, rule=refusal.rule)
                        told += await self._desk.refuse(connection, call, refusal)
                        continue
                    if not self._seats.take(call.id):
                        break
                    plan = None if order.script is None else await scripts.plan(connection, order.script)
                    self._trunks.begin(call.id, trunk, at)
                    taken.append(_Taken(_ready_to_dial(call, order, plan), order, trunk))
                    way = dial(order, trunk, self._trunks.settings[trunk])
                    await orders.take(connection, way, call.id, server=self._server, now=now)
        except BaseException:
            for each in taken:
                self._let_go(each.call.id)
            raise
        return taken, told

    async def _refusal(
        self, connection: AsyncConnection, order: OutboundOrder, now: datetime
    ) -> OutboundRefusal | None:
        if not await self._knows(order.agent):
            return OutboundRefusal(OutboundRule.AGENT_GONE, "The agent was deleted before the call's turn came.")
        to = destination(order.to)
        if not isinstance(to, Destination):
            return to
        usage = await outbound_usage.of_number(connection, order.to, self._limits, now=now)
        return dialling_refusal(to, self._limits, usage, now)

    async def _lead(self, taken: _Taken) -> None:
        call_id = taken.call.id
        structlog.contextvars.bind_contextvars(call_id=call_id)
        route = TrunkRoute(taken.order, taken.trunk, self._trunks, self._store, clock=self._clock, sleep=self._sleep)
        try:
            left = await self._placer.place(taken.call, route)
            if left.status is CallStatus.QUEUED:
                await self._give_back(call_id)
        except Exception:
            log.exception("outbound.place_failed", call_id=call_id)
            with contextlib.suppress(StoreError):  # then the next start ends it
                await self._desk.abandon(call_id)
        finally:
            self._let_go(call_id)

    async def _give_back(self, call_id: str) -> None:
        async with self._store.write() as connection:
            await self._store.lock_orders(connection)
            await orders.give_back(connection, call_id, server=self._server)

    def _let_go(self, call_id: str) -> None:
        self._trunks.end(call_id)
        self._seats.release(call_id)
        if self._held_up:
            self._bell.set()


def _ready_to_dial(call: Call, order: OutboundOrder, plan: CallScript | None) -> Call:
    """With all that its order says of the conversation."""
    briefing = Briefing(
        variables=order.variables,
        metadata=order.metadata,
        max_duration_s=order.max_duration_s,
        record=order.record,
        detect_machine=order.detect_machine,
        script=order.script,
        plan=plan,
    )
    return replace(call, briefing=briefing)
