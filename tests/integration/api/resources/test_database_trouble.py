"""The database is full, locked, or gone: calls go on, requests are told, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from agent.domain.call import CallStatus, transition
from agent.store.engine import Store
from agent.testing import postgresql
from agent.testing.postgresql import PostgresServer
from tests.integration.api.resources.conftest import Office
from tests.integration.api.resources.test_agents_and_numbers import NIGHT
from tests.integration.api.resources.test_calls import changed, ringing
from tests.integration.store.databases import make_tables

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """One that a test may stop."""
    with postgresql.postgres_server(durable=True) as server:
        yield server


@pytest.fixture(params=["full", "locked", "gone"])
def database_url(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    if request.param == "gone":
        server: PostgresServer = request.getfixturevalue("own_server")
        url = server.url(server.create_database())
    else:
        url = f"sqlite:///{tmp_path / 'store.db'}"
    make_tables(url)
    return url


@asynccontextmanager
async def trouble(kind: str, store: Store, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Of that kind, until the block is left."""
    if kind == "gone":
        server: PostgresServer = request.getfixturevalue("own_server")
        await asyncio.to_thread(server.stop)
        yield
        await asyncio.to_thread(server.start)
        return
    await told(store, "max_page_count=1" if kind == "full" else "busy_timeout=0")
    other = sqlite3.connect(str(store.url.database), isolation_level=None)
    if kind == "locked":
        other.execute("BEGIN IMMEDIATE")
    yield
    if kind == "locked":
        other.execute("COMMIT")
    else:
        await told(store, "max_page_count=1000000")
    other.close()


async def told(store: Store, pragma: str) -> None:
    """The one connection that writes."""
    async with store.write() as connection:
        await connection.execute(text(f"PRAGMA {pragma}"))


async def test_calls_go_on_requests_are_told_and_nothing_is_lost(
    office: Office, store: Store, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["database_url"]
    recorder = office.house.recorder
    recorder.start()
    recorder(changed(ringing("call_1", agent_version=1)))
    await recorder.flush()
    _, before = await office.send("POST", "/v1/agents", {**NIGHT, "name": "acknowledged"})
    large = {**NIGHT, "facts": ["x" * 9000] * 20}
    async with trouble(kind, store, request):
        status, problem = await office.send("POST", "/v1/agents", large)
        assert (status, problem["code"]) == (503, "store_error")
        recorder(changed(transition(ringing("call_1", agent_version=1), CallStatus.IN_PROGRESS, at=NOW)))
        for number in range(2, 40):
            recorder(changed(ringing(f"call_{number}", agent_version=1)))
        await office.refused.wait()
        status, ready = await office.send("GET", "/readyz")
        assert (status, ready["checks"]["store"], len(ready["problems"])) == (503, False, 1)
        assert recorder.waiting == 39
    await recorder.flush()
    assert recorder.lost == 0
    assert (await office.send("GET", "/readyz"))[0] == 200
    _, listed = await office.send("GET", "/v1/calls?limit=100")
    assert len(listed["data"]) == 39
    _, call = await office.send("GET", "/v1/calls/call_1")
    assert call["status"] == "in-progress"
    assert (await office.send("GET", f"/v1/agents/{before['id']}"))[1]["name"] == "acknowledged"
    assert (await office.send("POST", "/v1/agents", large))[0] == 201
    await recorder.close(60)
