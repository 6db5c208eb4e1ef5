"""Databases that a bench fills and throws away: a file of SQLite, and PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from sqlalchemy import inspect, text

from agent.errors import ConfigurationError
from agent.store.engine import Store
from agent.store.migrate import migrate
from agent.testing.postgresql import postgres_server

NAMES = ("sqlite", "postgresql")


def parse_stores(choice: str) -> tuple[str, ...]:
    """`sqlite`, `postgresql` or `both`. Raises ConfigurationError."""
    if choice == "both":
        return NAMES
    if choice not in NAMES:
        raise ConfigurationError(f"--store {choice} is not known; known are sqlite, postgresql and both.")
    return (choice,)


@asynccontextmanager
async def bench_store(name: str, postgresql_url: str, folder: Path) -> AsyncIterator[str]:
    """The URL of an empty database with our tables, of one kind; empty again or gone after the block.

    PostgreSQL: the one at `postgresql_url`, or else a server of our own, with the settings that PostgreSQL comes with.
    Raises ConfigurationError where that has tables already, SetupError where there is no PostgreSQL.
    """
    async with AsyncExitStack() as stack:
        if name == "sqlite":
            url = f"sqlite:///{folder / secrets.token_hex(4)}.db"
        elif postgresql_url:
            url = postgresql_url
            await _check_empty(url)
            stack.push_async_callback(_empty, url)
        else:
            server = stack.enter_context(postgres_server(durable=True))
            url = server.url(server.create_database())
        store = Store(url)
        try:
            await migrate(store)
        finally:
            await store.close()
        yield url


async def _check_empty(url: str) -> None:
    store = Store(url)
    try:
        async with store.read() as connection:
            tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    finally:
        await store.close()
    if tables:
        raise ConfigurationError("--postgresql-url: the database has tables already; name an empty one.")


async def _empty(url: str) -> None:
    """It was empty before we came, and only ours can be there."""
    store = Store(url)
    try:
        async with store.write() as connection:
            for name in await connection.run_sync(lambda sync: inspect(sync).get_table_names()):
                await connection.execute(text(f'DROP TABLE "{name}" CASCADE'))
    finally:
        await store.close()
