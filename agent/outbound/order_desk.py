"""Takes orders to call somebody, and takes them back while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.call_resource import CallResource
from agent.domain.destination import Destination
from agent.domain.event_types import EventType
from agent.domain.events import CallChanged
from agent.domain.limits import order_refusal, when_refusal, where_refusal
from agent.domain.outbound import OutboundOrder
from agent.domain.outbound_rules import OutboundRefusal, OutboundRefusedError, OutboundRule
from agent.domain.prices import price_micros
from agent.outbound.ways import ways
from agent.settings import OutboundSettings
from agent.store import calls, events, orders, outbound_usage
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import Draft, StoredEvent

log = structlog.get_logger()


class OrderDesk:
    """Of one server; all that share the database share the queue."""

    def __init__(
        self,
        store: Store,
        settings: OutboundSettings,
        *,
        server: str,
        told: Callable[[Sequence[StoredEvent]], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`told` gets the public events that are on disk."""
        self._store = store
        self._settings = settings
        self._limits = settings.limits()
        self._chronicle = Chronicle(store, server=server)
        self._told = told
        self._now = now
        self._listeners: list[Callable[[], None]] = []
        self._turn = asyncio.Lock()
        """Orders go to the database one by one: many at once would only wait there, before all others who need it."""
        self.taking = asyncio.Lock()
        """Held while orders become calls under way."""

    def when_changed(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when there may be something to dial."""
        self._listeners.append(listener)

    def changed(self) -> None:
        """There may be something to dial."""
        for listener in self._listeners:
            listener()

    def refusal(self, to: Destination, at: datetime) -> OutboundRefusal | None:
        """Whether a call to somebody may be ordered for `at`, as far as the configuration says."""
        if self._settings.stopped:
            return OutboundRefusal(OutboundRule.STOPPED, "outbound.stopped in the configuration stops calls out.")
        if (refusal := where_refusal(to.number, self._limits)) is not None:
            return refusal
        if not ways(to.number, self._settings.trunks):
            return OutboundRefusal(OutboundRule.NO_TRUNK, "No trunk in outbound.trunks leads to numbers like this.")
        return when_refusal(to, self._limits, at)

    async def order(
        self, order: OutboundOrder, *, makes: Callable[[AsyncConnection, str], Awaitable[None]] | None = None
    ) -> CallResource:
        """Queue a call to a number that `refusal` lets be called. Raises OutboundRefusedError, StoreError.

        `makes` notes its id in the same transaction.

        What bounds the number of calls is counted in the transaction that adds one: no two take the last place.
        """
        now = self._now()
        first = self._settings.trunks[ways(order.to, self._settings.trunks)[0]]
        call = Call(
            id=order.call_id,
            direction=Direction.OUTBOUND,
            caller=order.from_ or first.caller_id,
            callee=order.to,
            agent=order.agent.name,
            agent_version=order.agent.version,
            status=CallStatus.QUEUED,
            created_at=now,
        )
        price = price_micros(order.to, self._settings.prices)

        async def added(connection: AsyncConnection) -> tuple[CallResource, StoredEvent]:
            await self._store.lock_orders(connection)
            at = order.scheduled_at or now
            usage = await outbound_usage.of_number(connection, order.to, self._limits, now=now, at=at)
            if (refusal := order_refusal(self._limits, usage)) is not None:
                raise OutboundRefusedError(refusal)
            await orders.create(connection, call, order, price_micros=price, told=1)
            if makes is not None:
                await makes(connection, call.id)
            shown = await calls.get(connection, call.id)
            if shown is None:
                raise LookupError(f"there is no call {call.id}")
            created = Draft(EventType.CALL_CREATED, now, {"call": shown.as_json()}, call.id, sequence=1)
            return shown, (await events.append_all(self._store, connection, [created]))[0]

        async with self._turn:
            shown, told = await self._store.transact(added)
        log.info("outbound.ordered", call_id=call.id, agent=call.agent, scheduled=order.scheduled_at is not None)
        self._told([told])
        self.changed()
        return shown

    async def cancel(self, call_id: str) -> bool:
        """Take an order back; False where it does not wait. A call under way is to be hung up. Raises StoreError."""
        async with self.taking, self._store.write() as connection:
            await self._store.lock_orders(connection)
            found = await orders.get(connection, call_id)
            if found is None or not await orders.drop(connection, call_id):
                return False
            told = await self._end(connection, found[0], CallStatus.CANCELED, EndedReason.CANCELED)
        self._told(told)
        return True

    async def refuse(self, connection: AsyncConnection, call: Call, refusal: OutboundRefusal) -> list[StoredEvent]:
        """Its turn has come, and a rule forbids it by now; what applications are told once that is on disk."""
        await orders.drop(connection, call.id, refusal=refusal.rule)
        rejected = await events.append(
            self._store,
            connection,
            EventType.CALL_REJECTED,
            at=self._now(),
            data={"rule": refusal.rule, "reason": refusal.detail},
            call_id=call.id,
        )
        return [rejected, *await self._end(connection, call, CallStatus.FAILED, refusal.rule.ended_reason)]

    async def abandon(self, call_id: str) -> None:
        """End a call that was taken and that nobody leads to its end, if it has none yet. Raises StoreError."""
        async with self._store.write() as connection:
            await self._store.lock_orders(connection)
            found = await orders.get(connection, call_id)
            if found is None or found[0].status.terminal:
                return
            call = found[0]
            status = CallStatus.COMPLETED if call.status is CallStatus.IN_PROGRESS else CallStatus.FAILED
            told = await self._end(connection, call, status, EndedReason.INTERNAL_ERROR)
        self._told(told)

    async def _end(
        self, connection: AsyncConnection, call: Call, status: CallStatus, reason: EndedReason
    ) -> list[StoredEvent]:
        now = self._now()
        ended = transition(call, status, at=now, reason=reason)
        return await self._chronicle.write(connection, CallChanged(call.id, now, call=ended))
