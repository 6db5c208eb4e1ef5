"""SQLite's driver, at one visit to its thread for each statement, and none for what need not be done.

aiosqlite goes to the connection's thread to make a cursor, to execute, to fetch and to close: four waits for a turn on
a busy event loop, while everybody else waits for the one connection that writes. A transaction begins with the first
statement in it, on the same visit; SQLAlchemy's roll-back of a connection that is given back does nothing where there
is nothing to roll back. A transaction that is known as a whole is one visit in all: see `stay`.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

_Run = Callable[[sqlite3.Cursor], object]
T = TypeVar("T")


class _Cursor:
    """What SQLAlchemy needs of a cursor; all rows are fetched by whatever asks for them."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        if sql.startswith("BEGIN"):
            self._connection.begins = sql
            return self
        await self._connection.visit(lambda: self._take(lambda cursor: cursor.execute(sql, parameters)))
        return self

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Self:
        await self._connection.visit(lambda: self._take(lambda cursor: cursor.executemany(sql, parameters)))
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    def _take(self, run: _Run) -> None:
        """In the connection's thread."""
        cursor = self._connection.sqlite.cursor()
        try:
            run(cursor)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class _Connection(aiosqlite.Connection):
    """One of aiosqlite whose cursors are ours."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self.begins = ""
        """What begins the transaction, for the next visit; empty: it has begun, or there is none."""
        self._left_alone = False
        """Whoever visited has gone while it was at work: what it did is not known here."""
        self._thread.daemon = True  # as SQLAlchemy has it: who forgets to close holds up no end of the program

    @property
    def sqlite(self) -> sqlite3.Connection:
        """Raises ValueError where it is closed."""
        return self._conn

    async def visit(self, run: Callable[[], object]) -> None:
        """Have this done in the connection's thread, within the transaction that was to begin; at once where we are."""
        begins, self.begins = self.begins, ""

        def work() -> None:
            if begins:
                self.sqlite.execute(begins)
            run()

        if threading.get_ident() == self._thread.ident:
            work()
            return
        try:
            await self._execute(work)  # type: ignore[no-untyped-call]  # of aiosqlite
        except asyncio.CancelledError:
            self._left_alone = True
            raise

    async def stay(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Have a coroutine, which awaits nothing but this connection, done in its thread, and what it did on disk.

        One visit, however many statements that takes. Cancelled, it waits until the thread has done with it: the
        roll-back that follows finds the connection left alone. Raises RuntimeError where the coroutine awaits anything
        else, and sqlite3.Error where it cannot be committed.
        """
        context = contextvars.copy_context()

        def lead() -> T:
            result = context.run(_driven, work())
            self.sqlite.commit()
            return result

        visit: asyncio.Future[T] = asyncio.ensure_future(self._execute(lead))  # type: ignore[no-untyped-call]  # see above
        try:
            return await asyncio.shield(visit)
        except asyncio.CancelledError:
            while not visit.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({visit})
            visit.exception()
            raise

    async def commit(self) -> None:
        """On disk now; at once where nothing was done."""
        await self._end(self.sqlite.commit)

    async def rollback(self) -> None:
        """As if nothing had been done; at once where nothing was."""
        await self._end(self.sqlite.rollback)

    async def _end(self, run: Callable[[], object]) -> None:
        self.begins = ""
        if self._left_alone or self.sqlite.in_transaction:
            await self.visit(run)
            self._left_alone = False

    def cursor(self) -> Any:  # not awaited: SQLAlchemy enters what it gets, and that needs no visit
        return _Cursor(self)


def _driven(coroutine: Coroutine[Any, Any, T]) -> T:
    """What it returns, of one that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("a transaction that is done as a whole awaits something other than its connection")


def connect(file: Path, *, timeout_s: float) -> aiosqlite.Connection:
    """A connection, once it is awaited. `timeout_s`: how long another process that writes is waited for."""
    return _Connection(lambda: sqlite3.connect(file, timeout=timeout_s, check_same_thread=False))
