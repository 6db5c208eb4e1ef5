"""Positions of events: in the order of commits, and never given out twice."""

from __future__ import annotations

from datetime import UTC, datetime

from alembic import command
from sqlalchemy import Connection, delete, func, select

from agent.domain.event_types import EventType
from agent.store import events, migrate, webhook_endpoints
from agent.store.engine import Store
from agent.store.schema import calls, webhook_deliveries
from tests.integration.bus.relay_room import append

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_the_position_of_a_deleted_event_is_not_given_out_again(store: Store) -> None:
    async with store.write() as connection:
        first = await append(store, connection, "call_1", EventType.CALL_RINGING, NOW)
        last = await append(store, connection, "call_2", EventType.CALL_RINGING, NOW)
    async with store.write() as connection:
        await connection.execute(delete(calls).where(calls.c.id == "call_2"))
    async with store.write() as connection:
        assert await events.last_position(connection) == first.position
        later = await append(store, connection, "call_3", EventType.CALL_RINGING, NOW)
    assert later.position > last.position


async def test_older_records_keep_their_events_and_deliveries(database_url: str) -> None:
    def tables_before(connection: Connection) -> None:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")

    store = Store(database_url)
    try:
        async with store.write() as connection:
            await connection.run_sync(tables_before)
        async with store.write() as connection:
            await webhook_endpoints.create(connection, url="https://example.com", events=(), now=NOW)
            before = [await append(store, connection, "call_1", EventType.CALL_RINGING, NOW) for _ in range(3)]
        await migrate.migrate(store)
        async with store.write() as connection:
            assert await events.after(connection, 0, limit=10) == before
            assert await connection.scalar(select(func.count()).select_from(webhook_deliveries)) == 3
            after = await append(store, connection, "call_1", EventType.CALL_ENDED, NOW)
        assert (after.position, after.sequence) == (before[-1].position + 1, 4)
    finally:
        await store.close()
