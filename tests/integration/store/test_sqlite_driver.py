from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from agent.store.sqlite_driver import connect


@pytest_asyncio.fixture
async def cursor(tmp_path: Path) -> AsyncIterator[Any]:
    connection = await connect(tmp_path / "some.db", timeout_s=1)
    cursor: Any = connection.cursor()  # of ours, which is not awaited
    await cursor.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, value INTEGER UNIQUE)")
    yield cursor
    await connection.close()


async def test_rows_are_there_once_and_counts_are_told(cursor: Any) -> None:
    await cursor.executemany("INSERT INTO numbers (value) VALUES (?)", [(1,), (2,), (3,)])
    assert (cursor.rowcount, cursor.description, await cursor.fetchall()) == (3, None, [])
    await cursor.execute("UPDATE numbers SET value = value + ? WHERE id > 1 RETURNING id, value", (10,))
    assert (cursor.rowcount, [column[0] for column in cursor.description]) == (2, ["id", "value"])
    assert sorted(await cursor.fetchall()) == [(2, 12), (3, 13)]
    assert await cursor.fetchall() == []
    await cursor.execute("INSERT INTO numbers (value) VALUES (?)", (4,))
    assert cursor.lastrowid == 4


async def test_a_statement_that_fails_raises_and_leaves_the_connection_usable(cursor: Any) -> None:
    await cursor.execute("INSERT INTO numbers (value) VALUES (?)", (1,))
    with pytest.raises(sqlite3.IntegrityError):
        await cursor.execute("INSERT INTO numbers (value) VALUES (?)", (1,))
    await cursor.execute("SELECT count(*) FROM numbers")
    assert await cursor.fetchall() == [(1,)]
    await cursor.close()
    assert await cursor.fetchall() == []
