"""An empty database of each kind: every test that asks for one runs on both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.store.engine import Store
from agent.store.migrate import migrate
from agent.testing.postgresql import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """With all tables."""
    store = Store(database_url)
    await migrate(store)
    yield store
    await store.close()


@pytest_asyncio.fixture
async def postgres(postgres_server: PostgresServer) -> AsyncIterator[Store]:
    """PostgreSQL, with all tables: what several processes share."""
    name = postgres_server.create_database()
    store = Store(postgres_server.url(name))
    await migrate(store)
    yield store
    await store.close()
    postgres_server.drop_database(name)
