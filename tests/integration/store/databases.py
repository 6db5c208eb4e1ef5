"""An empty database of each kind: every test that asks for one runs on both."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from agent.store.engine import Store
from agent.store.migrate import migrate
from agent.testing.postgresql import PostgresServer


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SQLite with all tables, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres_server: PostgresServer) -> str:
    """The same of PostgreSQL, by its name."""
    name = postgres_server.create_database()
    make_tables(postgres_server.url(name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Empty, or with all tables where the test asks for a `store`."""
    with_tables = "store" in request.fixturenames
    if request.param == "sqlite":
        if with_tables:
            shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "store.db")
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    template = {"template": request.getfixturevalue("migrated_database")} if with_tables else {}
    name = server.create_database(**template)
    yield server.url(name)
    server.drop_database(name)


@pytest_asyncio.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """With all tables."""
    store = Store(database_url)
    yield store
    await store.close()


@pytest_asyncio.fixture
async def postgres(postgres_server: PostgresServer, migrated_database: str) -> AsyncIterator[Store]:
    """PostgreSQL, with all tables: what several processes share."""
    name = postgres_server.create_database(migrated_database)
    store = Store(postgres_server.url(name))
    yield store
    await store.close()
    postgres_server.drop_database(name)


def make_tables(url: str) -> None:
    """By the migrations, in a loop of their own."""

    async def work() -> None:
        store = Store(url)
        await migrate(store)
        await store.close()

    with ThreadPoolExecutor(1) as apart:  # the test's own thread has a loop
        apart.submit(asyncio.run, work()).result()
