"""A sender on a real database with a time and a patience that tests move by hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.settings import WebhooksSettings
from agent.store import webhook_deliveries, webhook_endpoints
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.schema import calls, events
from agent.store.webhook_deliveries import WebhookDelivery
from agent.store.webhook_endpoints import WebhookEndpoint
from agent.webhooks.client import WebhookClient
from agent.webhooks.connector import Lookup, Targets
from agent.webhooks.sender import WebhookSender
from agent.webhooks.targets import TargetPolicy

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOCAL = TargetPolicy([ip_network("127.0.0.0/8")])


class ManualTimeouts:
    """Time limits that end when a test says so."""

    def __init__(self) -> None:
        self._limits: list[tuple[float, asyncio.Timeout]] = []

    def __call__(self, seconds: float) -> asyncio.Timeout:
        limit = asyncio.timeout(None)
        self._limits.append((seconds, limit))
        return limit

    def expire(self, seconds: float) -> int:
        """End those limits of that length which are running; how many."""
        loop = asyncio.get_running_loop()
        ended = 0
        for length, limit in self._limits:
            if length == seconds:
                with contextlib.suppress(RuntimeError):  # it has ended
                    limit.reschedule(loop.time())
                    ended += 1
        return ended


@dataclass
class PostRoom:
    store: Store
    lookup: Lookup | None = None
    settings: WebhooksSettings = field(default_factory=WebhooksSettings)
    now: datetime = START
    disabled: list[WebhookEndpoint] = field(default_factory=list)
    timeouts: ManualTimeouts = field(default_factory=ManualTimeouts)
    polls: list[asyncio.Event] = field(default_factory=list)
    _senders: list[tuple[WebhookSender, WebhookClient]] = field(default_factory=list)
    _sequences: dict[str, int] = field(default_factory=dict)

    def sender(self, server: str = "") -> WebhookSender:
        """A new one, as of another process; started."""
        client = WebhookClient(Targets(LOCAL, self.lookup), time_limit=self.timeouts)
        sender = WebhookSender(
            self.store,
            client,
            self.settings,
            server=server,
            on_disabled=self._on_disabled,
            clock=lambda: self.now,
            chance=lambda: 0.0,
            sleep=self._sleep,
        )
        self._senders.append((sender, client))
        sender.start()
        return sender

    async def close(self) -> None:
        for sender, client in self._senders:
            await sender.close(timeout_s=0)
            await client.close()

    async def pass_time(self, **span: float) -> None:
        """Time goes on, and every sender looks what is due."""
        self.now += timedelta(milliseconds=1, **span)  # what waits in a row is due microseconds after one another
        for sender, _client in self._senders:
            sender.wake()

    async def endpoint(self, url: str, wants: tuple[str, ...] = ()) -> WebhookEndpoint:
        async with self.store.write() as connection:
            return await webhook_endpoints.create(connection, url=url, events=wants, now=self.now)

    async def event(
        self, call_id: str | None = "call_1", event_type: str = "call.ringing", *, only: str | None = None
    ) -> StoredEvent:
        """Record an event and its deliveries."""
        async with self.store.write() as connection:
            return await self.append(connection, call_id, event_type, only=only)

    async def append(
        self, connection: AsyncConnection, call_id: str | None, event_type: str, *, only: str | None = None
    ) -> StoredEvent:
        if call_id is not None and call_id not in self._sequences:
            await self._call(connection, call_id)
        sequence = None if call_id is None else self._sequences.get(call_id, 0) + 1
        if call_id is not None and sequence is not None:
            self._sequences[call_id] = sequence
        count = len(self._sequences) * 1000 + (sequence or 0)
        values: dict[str, Any] = {
            "id": f"evt_{call_id}_{sequence}_{event_type}_{count}"[:40],
            "type": event_type,
            "call_id": call_id,
            "sequence": sequence,
            "at": self.now - timedelta(seconds=1),
            "data": {"text": "naïve \u202e \x00"},
        }
        position = await connection.scalar(events.insert().values(**values).returning(events.c.position))
        stored = StoredEvent(position=position or 0, **values)
        await webhook_deliveries.enqueue(connection, [stored], only=only)
        return stored

    async def deliveries(self, endpoint: WebhookEndpoint) -> list[WebhookDelivery]:
        """In the order of their events within each call."""
        async with self.store.read() as connection:
            found = await webhook_deliveries.listed(connection, endpoint.id, limit=1000)
        return sorted(found, key=lambda one: (one.call_id or "", one.sequence or 0, one.created_at))

    async def until(self, endpoint: WebhookEndpoint, condition: Callable[[list[WebhookDelivery]], bool]) -> None:
        """Wait until the deliveries in the database are so; looks again whenever other tasks have run."""
        while not condition(await self.deliveries(endpoint)):  # noqa: ASYNC110  # a database tells nobody
            await asyncio.sleep(0)

    async def until_settled(self, endpoint: WebhookEndpoint) -> None:
        """Wait until no delivery of an endpoint is pending."""
        await self.until(endpoint, lambda found: all(one.status != "pending" for one in found))

    async def found(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        async with self.store.read() as connection:
            endpoint_now = await webhook_endpoints.get(connection, endpoint.id)
        assert endpoint_now is not None
        return endpoint_now

    async def _call(self, connection: AsyncConnection, call_id: str) -> None:
        if await connection.scalar(select(calls.c.id).where(calls.c.id == call_id)) is None:
            values = {"direction": "inbound", "status": "ringing", "agent": "a", "server": "s", "created_at": self.now}
            await connection.execute(calls.insert().values(id=call_id, metadata={}, variables={}, **values))

    async def _on_disabled(self, connection: AsyncConnection, endpoint: WebhookEndpoint) -> None:
        self.disabled.append(endpoint)
        await self.append(connection, None, "webhook_endpoint.disabled")

    async def _sleep(self, _seconds: float) -> None:
        poll = asyncio.Event()
        self.polls.append(poll)
        await poll.wait()
