"""The database: SQLite in a file, or PostgreSQL. Reading and writing transactions, nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_data_path
from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from agent.errors import ConfigurationError, StoreError
from agent.settings import StoreSettings
from agent.store.sqlite_driver import connect

T = TypeVar("T")

SQLITE, POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
READERS = 4
"""Connections that read at once. SQLite has a thread for each; more would only wait for the two cores."""
BUSY_TIMEOUT_MS = 5000
"""SQLite waits so long for another process that writes."""
POOL_TIMEOUT_S = 10
QUEUE_TIMEOUT_S = 60
"""Who writes to SQLite waits so long for those before them in this process: a database that is busy has not failed."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # what was acknowledged is on disk also when the power fails, at one fsync a transaction
    "foreign_keys=ON",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "secure_delete=ON",  # what was deleted is overwritten with zeros
)
_BEGINS_NOTHING = {"begins_nothing": True}
"""Option of a connection to SQLite."""
EVENTS_LOCK = 0x70_61_65_76  # "paev": any number that no other program uses in this database
ORDERS_LOCK = 0x70_61_6F_72  # "paor"


class Store:
    """One database. Belongs to one event loop; its work is done in threads or over a socket, never on the loop."""

    def __init__(self, url: str | URL) -> None:
        """`url`: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`. Raises ConfigurationError."""
        self.url = _parsed(url)
        self.is_sqlite = self.url.drivername == SQLITE
        if self.is_sqlite:
            self._reader = _sqlite(self.url, "BEGIN", READERS, POOL_TIMEOUT_S)
            self._writer = _sqlite(self.url, "BEGIN IMMEDIATE", 1, QUEUE_TIMEOUT_S)
            self._glancer = self._reader.execution_options(**_BEGINS_NOTHING)
        else:
            self._reader = self._writer = create_async_engine(
                self.url,
                pool_size=2 * READERS,
                pool_timeout=POOL_TIMEOUT_S,
                pool_pre_ping=True,
                hide_parameters=True,
            )
            self._glancer = self._reader.execution_options(isolation_level="AUTOCOMMIT")

    @classmethod
    def of(cls, settings: StoreSettings) -> Store:
        """The database of the configuration. Raises ConfigurationError."""
        file = sqlite_file(settings)
        if file is None or settings.url.get_secret_value():
            return cls(settings.url.get_secret_value())
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"store.file: the folder {file.parent} cannot be made ({error.strerror})."
            ) from error
        return cls(URL.create("sqlite", database=str(file)))

    async def close(self) -> None:
        """Close all connections."""
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state. Raises StoreError."""
        async with _errors_told(), self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """For one SELECT, which sees one state by itself: nothing is begun or ended around it. Raises StoreError."""
        async with _errors_told(), self._glancer.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is on disk when the block has been left, or did not happen. Raises StoreError.

        SQLite lets one write at a time: others wait for it.
        """
        async with _errors_told(), self._writer.begin() as connection:
            yield connection

    async def transact(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """A transaction as `write` has it, of work that awaits nothing but its connection. Raises StoreError.

        In SQLite's thread, all at once: on a busy event loop that takes a fifth of the time in which others must wait.
        What `work` uses beside the connection must bear that.
        """
        async with self.write() as connection:
            if not self.is_sqlite:
                return await work(connection)
            driver: Any = (await connection.get_raw_connection()).driver_connection
            result: T = await driver.stay(lambda: work(connection))
            return result

    async def lock_events(self, connection: AsyncConnection) -> None:
        """Let events be added by one transaction at a time, so that their positions are in the order of commits."""
        await self._lock(connection, EVENTS_LOCK)

    async def lock_orders(self, connection: AsyncConnection) -> None:
        """Let one transaction at a time decide who is called. To be taken before the lock of events."""
        await self._lock(connection, ORDERS_LOCK)

    async def _lock(self, connection: AsyncConnection, key: int) -> None:
        if not self.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    async def forget(self) -> bool:
        """Let nothing of what was deleted stay in the write-ahead log of SQLite; False: somebody reads it, try later.

        PostgreSQL does that by itself when it vacuums and recycles its log. Raises StoreError.
        """
        if not self.is_sqlite:
            return True
        async with _errors_told(), self._writer.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            async with driver.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
                busy, _, _ = await cursor.fetchone()
            return not busy


def sqlite_file(settings: StoreSettings) -> Path | None:
    """The file of the record; None where a server has it. Raises ConfigurationError."""
    url = settings.url.get_secret_value()
    if not url:
        return settings.file or user_data_path("phone-agent") / "phone-agent.db"
    parsed = _parsed(url)
    return Path(parsed.database or "") if parsed.drivername == SQLITE else None


@asynccontextmanager
async def _errors_told() -> AsyncIterator[None]:
    """Trouble with the database itself becomes a StoreError; a broken constraint stays what it is, for the caller."""
    try:
        yield
    except DBAPIError as error:
        if error.orig is not None and "constraint" in str(error.orig).lower():
            raise
        raise StoreError(f"The database failed: {_told(error)}; see that it runs and has room.") from error
    except sqlite3.Error as error:
        raise StoreError(f"The database failed: {_told(error)}; see that it runs and has room.") from error
    except (PoolTimeoutError, OSError) as error:
        raise StoreError(f"The database cannot be reached: {_told(error)}; see store.url.") from error


def _told(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {' '.join(str(cause).split())[:200]}"


def _parsed(given: str | URL) -> URL:
    try:
        url = make_url(given)
    except ArgumentError:
        raise ConfigurationError(
            "store.url: is no URL of a database; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    kind = url.get_backend_name()
    if kind == "sqlite":
        if not url.database:
            raise ConfigurationError("store.url: names no file; write sqlite:///FILE.")
        return url.set(drivername=SQLITE, database=str(Path(url.database).expanduser()))
    if kind in {"postgresql", "postgres"}:
        return url.set(drivername=POSTGRESQL)
    raise ConfigurationError(f"store.url: {kind} is not supported; use sqlite or postgresql.")


def _sqlite(url: URL, begin: str, connections: int, timeout_s: float) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=timeout_s,
        async_creator=lambda: connect(Path(url.database or ""), timeout_s=BUSY_TIMEOUT_MS / 1000),
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        if not _BEGINS_NOTHING.items() <= connection.get_execution_options().items():
            connection.exec_driver_sql(begin)

    return engine
