"""Many rows at once, past the layers that a single row goes through: a hundred thousand calls in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

from agent.store.engine import Store

ROWS = 20_000
"""In one transaction."""
_DIALECT = sqlite.dialect()  # the types of ours give the same for both

Row = Mapping[str, Any]


async def insert(store: Store, table: Table, rows: Iterable[Row]) -> int:
    """Add rows that all have the same columns; how many. Raises StoreError."""
    count = 0
    for batch in _batches(rows):
        names = list(batch[0])
        converters = [_converter(table, name) for name in names]
        records = [tuple(convert(row[name]) for name, convert in zip(names, converters, strict=True)) for row in batch]
        async with store.write() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            if store.is_sqlite:
                marks = ", ".join("?" * len(names))
                await driver.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", records)  # noqa: S608 - names of our own tables
            else:
                await driver.copy_records_to_table(table.name, records=records, columns=names)
        count += len(records)
    return count


async def learn(store: Store) -> None:
    """Let PostgreSQL look at what is in its tables, as it does by itself after a while; SQLite does without."""
    if not store.is_sqlite:
        async with store.write() as connection:
            await connection.execute(text("ANALYZE"))


def _converter(table: Table, name: str) -> Callable[[Any], Any]:
    kind = table.c[name].type
    if isinstance(kind, TypeDecorator):
        return lambda value: kind.process_bind_param(value, _DIALECT)
    return lambda value: str(value) if isinstance(value, str) else value  # a StrEnum is more than the drivers expect


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, ROWS)):
        yield batch
