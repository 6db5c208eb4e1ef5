"""SQLite's driver, at one visit to its thread for each statement.

aiosqlite goes to the connection's thread to make a cursor, to execute, to fetch and to close: four waits for a turn on
a busy event loop, while everybody else waits for the one connection that writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import aiosqlite

_Run = Callable[[sqlite3.Cursor], object]


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
        self._thread.daemon = True  # as SQLAlchemy has it: who forgets to close holds up no end of the program

    @property
    def sqlite(self) -> sqlite3.Connection:
        """Raises ValueError where it is closed."""
        return self._conn

    async def visit(self, run: Callable[[], None]) -> None:
        """Have this done in the connection's thread."""
        await self._execute(run)  # type: ignore[no-untyped-call]  # of aiosqlite

    def cursor(self) -> Any:  # not awaited: SQLAlchemy enters what it gets, and that needs no visit
        return _Cursor(self)


def connect(file: Path, *, timeout_s: float) -> aiosqlite.Connection:
    """A connection, once it is awaited. `timeout_s`: how long another process that writes is waited for."""
    return _Connection(lambda: sqlite3.connect(file, timeout=timeout_s, check_same_thread=False))
