"""Transactions done as a whole, and single looks: nothing is begun for nothing, and nothing is half there."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.store.engine import Store

ADD = text("INSERT INTO switches (name, since, reason) VALUES (:name, 0, '')")
COUNT = text("SELECT count(*) FROM switches")
ASKED: ContextVar[str] = ContextVar("ASKED", default="")


async def count(store: Store) -> int:
    async with store.glance() as connection:
        return int(await connection.scalar(COUNT) or 0)


async def add(connection: AsyncConnection, *names: str) -> int:
    for name in names:
        await connection.execute(ADD, {"name": name})
    return int(await connection.scalar(COUNT) or 0)


async def test_what_it_did_is_on_disk_and_what_it_returns_comes_back(store: Store) -> None:
    assert await store.transact(lambda connection: add(connection, "a", "b", "c")) == 3
    assert await count(store) == 3


async def test_sqlite_does_it_in_its_thread_and_in_the_context_of_who_asked(store: Store) -> None:
    ASKED.set("by a request")

    async def where(connection: AsyncConnection) -> tuple[int, str]:
        await add(connection, "a")
        return threading.get_ident(), ASKED.get()

    thread, asked = await store.transact(where)
    assert (thread != threading.get_ident(), asked) == (store.is_sqlite, "by a request")


async def test_one_that_fails_leaves_nothing_and_the_next_goes_on(store: Store) -> None:
    with pytest.raises(IntegrityError):
        await store.transact(lambda connection: add(connection, "a", "b", "a"))

    async def refuse(connection: AsyncConnection) -> None:
        await add(connection, "a")
        raise LookupError("a rule forbids it")

    with pytest.raises(LookupError, match="a rule forbids it"):
        await store.transact(refuse)
    assert await count(store) == 0
    assert await store.transact(lambda connection: add(connection, "a")) == 1


async def test_one_that_waits_for_anything_else_is_refused_by_sqlite(store: Store) -> None:
    async def sleepy(connection: AsyncConnection) -> int:
        done = await add(connection, "a")
        await asyncio.sleep(0)
        return done

    if not store.is_sqlite:
        assert await store.transact(sleepy) == 1
        return
    with pytest.raises(RuntimeError, match="awaits something other"):
        await store.transact(sleepy)
    assert await count(store) == 0


async def test_one_that_is_cancelled_leaves_the_connection_usable(store: Store) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    async def held(connection: AsyncConnection) -> int:
        done = await add(connection, "a")
        if store.is_sqlite:
            begun.set()
            goes_on.wait()
        else:
            await connection.execute(text("SELECT pg_sleep(60)"))
        return done

    task = asyncio.create_task(store.transact(held))
    if store.is_sqlite:
        await asyncio.to_thread(begun.wait)
    else:
        await asyncio.sleep(0)
    task.cancel()
    task.cancel()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    # SQLite had done it all by the time it was cancelled; that it is on disk is as true as that it is not.
    assert await count(store) <= 1
    assert await store.transact(lambda connection: add(connection, "b")) >= 1


async def test_a_look_begins_nothing(store: Store) -> None:
    for _ in range(3):
        assert await count(store) == 0
    async with store.glance() as connection:
        await connection.scalar(COUNT)
        raw: Any = (await connection.get_raw_connection()).driver_connection
        assert not (raw.in_transaction if store.is_sqlite else raw.is_in_transaction())
    async with store.read() as connection:
        await connection.scalar(COUNT)
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw.in_transaction if store.is_sqlite else raw.is_in_transaction()
