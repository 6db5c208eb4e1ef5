"""Relays on a real database, with a time that tests move by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.bus.bus import publisher_of
from agent.bus.publisher import Publisher
from agent.bus.relay import Relay
from agent.domain.event_types import EventType
from agent.settings import BusSettings
from agent.store import bus_positions, events
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.schema import calls

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOOK_S = 0.01


async def append(
    store: Store, connection: AsyncConnection, call_id: str | None, event_type: EventType, now: datetime
) -> StoredEvent:
    """An event as the record writes it; its call is made with the first."""
    if call_id is not None and await connection.scalar(select(calls.c.id).where(calls.c.id == call_id)) is None:
        values = {"direction": "inbound", "status": "ringing", "agent": "a", "server": "s", "created_at": now}
        await connection.execute(calls.insert().values(id=call_id, metadata={}, variables={}, **values))
    data = {"text": "naïve \u202e \x00 \ud800"}
    return await events.append(store, connection, event_type, at=now, data=data, call_id=call_id)


@dataclass
class RelayRoom:
    store: Store
    now: datetime = START
    _relays: list[Relay] = field(default_factory=list)
    _sleeping: list[asyncio.Event] = field(default_factory=list)

    async def relay(self, settings: BusSettings, *, publisher: Publisher | None = None) -> Relay:
        """A new one, as of another process; started."""
        publisher = publisher or publisher_of(settings, name="test")
        assert publisher is not None
        relay = Relay(self.store, publisher, settings, clock=lambda: self.now, chance=lambda: 0.0, sleep=self._sleep)
        self._relays.append(relay)
        await relay.start()
        return relay

    async def close(self) -> None:
        for relay in self._relays:
            await relay.close(timeout_s=0)

    def look_again(self, **span: float) -> None:
        """Time goes on; nobody sleeps any longer."""
        self.now += timedelta(**span)
        sleeping, self._sleeping = self._sleeping, []
        for one in sleeping:
            one.set()

    async def event(
        self, call_id: str | None = "call_1", event_type: EventType = EventType.CALL_RINGING
    ) -> StoredEvent:
        """Record one, and tell the relays."""
        (stored,) = await self.events([(call_id, event_type)])
        return stored

    async def events(self, wanted: list[tuple[str | None, EventType]]) -> list[StoredEvent]:
        """In one transaction."""
        async with self.store.write() as connection:
            stored = [await append(self.store, connection, call_id, kind, self.now) for call_id, kind in wanted]
        for relay in self._relays:
            relay.wake()
        return stored

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for something that nobody tells of, while relays look again and again."""
        while not condition():
            self.look_again()
            await asyncio.sleep(LOOK_S)

    async def until_published(self) -> None:
        """Wait until nothing waits; nobody waits for time meanwhile."""
        while (await self.position()).behind or (await self.position()).leased_by:
            self.look_again()
            await asyncio.sleep(LOOK_S)

    async def position(self) -> bus_positions.BusPosition:
        async with self.store.read() as connection:
            return await bus_positions.look(connection)

    async def _sleep(self, _seconds: float) -> None:
        over = asyncio.Event()
        self._sleeping.append(over)
        await over.wait()
