from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from agent.store.engine import Store
from agent.store.keyset import Position, page
from agent.store.schema import calls, metadata


@pytest.mark.parametrize("descending", [True, False])
async def test_a_page_is_read_from_the_index_without_sorting(tmp_path: Path, descending: bool) -> None:
    """In SQLite: PostgreSQL decides by what is in the table."""
    store = Store(f"sqlite:///{tmp_path / 'record.db'}")
    async with store.write() as connection:
        await connection.run_sync(metadata.create_all)
    position = Position(datetime(2026, 1, 31, tzinfo=UTC), "call_1")
    query = page(select(calls), calls.c.created_at, calls.c.id, after=position, limit=20, descending=descending)
    async with store.read() as connection:
        compiled = query.compile(connection.sync_engine, compile_kwargs={"literal_binds": True})
        plan = str((await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))).all())
    await store.close()
    assert "SEARCH calls USING INDEX ix_calls_created_at_id" in plan
    assert "TEMP B-TREE" not in plan
