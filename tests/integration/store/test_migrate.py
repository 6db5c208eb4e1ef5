from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from agent.errors import StoreError
from agent.store.engine import Store
from agent.store.migrate import migrate, newest
from agent.store.schema import metadata


async def test_the_migrations_lead_to_the_tables_of_this_version(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with store.write() as connection:
        assert await connection.run_sync(differences) == []


async def test_doing_it_again_does_nothing(store: Store) -> None:
    assert await migrate(store) == (newest(), newest())


async def test_the_database_of_a_later_version_is_left_alone(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="later version"):
        await migrate(store)
