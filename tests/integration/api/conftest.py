from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from agent.api.app import build_app
from agent.api.rate_limit import RateLimit
from agent.store.api_keys import ApiKey, ApiKeys, Scope
from agent.store.engine import Store
from agent.store.idempotency_keys import IdempotencyKeys
from tests.integration.api import notes


@dataclass
class Clock:
    """Moves when a test says so."""

    at: datetime = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class Service:
    """The frame with one resource, over HTTP and a real database: SQLite, then PostgreSQL."""

    store: Store
    keys: ApiKeys
    idempotency_keys: IdempotencyKeys
    notes: notes.Notes
    clock: Clock
    client: TestClient[Any, Any]
    secrets: dict[Scope, str] = field(default_factory=dict)
    made: dict[Scope, ApiKey] = field(default_factory=dict)

    def headers(self, scope: Scope = Scope.ADMIN, **more: str) -> dict[str, str]:
        own = {"Authorization": f"Bearer {self.secrets[scope]}"}
        return own | {name.replace("_", "-"): value for name, value in more.items()}

    async def send(
        self, method: str, path: str, *, scope: Scope = Scope.ADMIN, headers: dict[str, str] | None = None, **more: Any
    ) -> ClientResponse:
        """A request, its answer read to the end."""
        answer = await self.client.request(method, path, headers=self.headers(scope) | (headers or {}), **more)
        await answer.read()
        return answer

    async def create(self, document: Any, *, key: str | None = None) -> ClientResponse:
        return await self.send("POST", "/v1/notes", json=document, headers={"Idempotency-Key": key} if key else None)


@pytest_asyncio.fixture
async def service(store: Store) -> AsyncIterator[Service]:
    async with store.write() as connection:
        await connection.run_sync(notes.metadata.create_all)
    keys, idempotency_keys, resource, clock = ApiKeys(store), IdempotencyKeys(store), notes.Notes(store), Clock()
    app = build_app(
        resource.routes(),
        keys=keys,
        idempotency_keys=idempotency_keys,
        limit=RateLimit(requests=200, window_s=20),
        now=clock.now,
        seconds=clock.seconds,
    )
    async with TestClient(TestServer(app)) as client:
        one = Service(store, keys, idempotency_keys, resource, clock, client)
        for scope in Scope:
            one.made[scope], one.secrets[scope] = await keys.create(f"test {scope}", frozenset({scope}), clock.now())
        yield one
