from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from agent.api.app import build_app
from agent.api.event_hub import EventHub
from agent.api.house import House
from agent.api.rate_limit import RateLimit
from agent.api.server import all_routes
from agent.domain.agent import Agent
from agent.domain.events import Event
from agent.settings import DrainSettings, WebhooksSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.idempotency_keys import IdempotencyKeys
from agent.store.registry import Registry
from agent.telephony.drain import Drain
from agent.telephony.live_calls import LiveCalls
from agent.webhooks.webhooks import Webhooks

DESK = Agent(name="desk", greeting="Good day.", instructions="Be brief.")


@dataclass
class Office:
    """The API over a real database, without a telephone: no call is under way."""

    house: House
    client: TestClient[Any, Any]
    prepared: list[Agent]
    secrets: dict[Scope, str] = field(default_factory=dict)

    async def send(self, method: str, path: str, body: Any = None, *, scope: Scope = Scope.ADMIN) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.secrets[scope]}"}
        async with self.client.request(method, path, json=body, headers=headers) as answer:
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, await answer.json() if is_json else await answer.text()

    async def happens(self, *happened: Event) -> list[StoredEvent]:
        """As if a call of this server had told it."""
        chronicle = Chronicle(self.house.store, server="one")
        told: list[StoredEvent] = []
        for event in happened:
            async with self.house.store.write() as connection:
                told += await chronicle.write(connection, event)
            chronicle.committed(event)
        self.house.hub.told(told)
        return told


@pytest_asyncio.fixture
async def office(store: Store) -> AsyncIterator[Office]:
    prepared: list[Agent] = []

    async def prepare(agents: Sequence[Agent]) -> None:
        prepared.extend(agents)

    registry = Registry(store)
    await registry.adopt({"desk": DESK}, {"1000": "desk"}, now=datetime.now(UTC))
    webhooks = Webhooks(store, WebhooksSettings(allowed_subnets=["127.0.0.1/32"]))
    house = House(
        store=store,
        registry=registry,
        live=LiveCalls(lambda _call_id: None, lambda: 0),
        hub=EventHub(store),
        webhooks=webhooks,
        drain=Drain(DrainSettings()),
        prepare=prepare,
        checks=lambda: {"asterisk": True, "store": True},
        problems=tuple,
    )
    keys = ApiKeys(store)
    unlimited = RateLimit(requests=1_000_000, window_s=60)
    app = build_app(all_routes(house), keys=keys, idempotency_keys=IdempotencyKeys(store), limit=unlimited)
    async with TestClient(TestServer(app)) as client:
        office = Office(house, client, prepared)
        for scope in Scope:
            _, office.secrets[scope] = await keys.create(scope, frozenset({scope}), datetime.now(UTC))
        yield office
        house.hub.close()
    await house.drain.close()
    await webhooks.close()
