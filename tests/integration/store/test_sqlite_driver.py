from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from agent.store.sqlite_driver import connect


@pytest_asyncio.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Any]:
    connection = await connect(tmp_path / "some.db", timeout_s=1)
    connection.isolation_level = None
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def cursor(connection: Any) -> Any:
    cursor: Any = connection.cursor()  # of ours, which is not awaited
    await cursor.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, value INTEGER UNIQUE)")
    return cursor


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


async def test_a_transaction_begins_with_its_first_statement(connection: Any, cursor: Any) -> None:
    await cursor.execute("BEGIN IMMEDIATE")
    assert not connection.in_transaction
    await cursor.execute("INSERT INTO numbers (value) VALUES (?)", (1,))
    assert connection.in_transaction
    await connection.rollback()
    await cursor.execute("SELECT count(*) FROM numbers")
    assert await cursor.fetchall() == [(0,)]


async def test_a_transaction_without_a_statement_never_was(connection: Any, cursor: Any) -> None:
    await cursor.execute("BEGIN IMMEDIATE")
    await connection.commit()
    await cursor.execute("INSERT INTO numbers (value) VALUES (?)", (1,))
    assert not connection.in_transaction


async def test_what_somebody_began_who_was_cancelled_is_rolled_back(connection: Any, cursor: Any) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold() -> None:
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

    held = asyncio.create_task(connection.visit(hold))
    await entered.wait()
    await cursor.execute("BEGIN IMMEDIATE")
    inserting = asyncio.create_task(cursor.execute("INSERT INTO numbers (value) VALUES (?)", (1,)))
    await asyncio.sleep(0)
    inserting.cancel()
    await asyncio.wait({inserting})
    rolling_back = asyncio.create_task(connection.rollback())
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(held, rolling_back)
    assert not connection.in_transaction
    await cursor.execute("SELECT count(*) FROM numbers")
    assert await cursor.fetchall() == [(0,)]
