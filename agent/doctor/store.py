"""The record: can it be written, is it of this version, and is there room."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.doctor.check import Check, broken, failed, good, warning
from agent.doctor.store_file import NAME, check_file, version_told
from agent.errors import ConfigurationError, StoreError
from agent.settings import StoreSettings
from agent.store import switches
from agent.store.engine import Store, sqlite_file
from agent.store.switches import Switch

REACH_S = 5.0
OLDEST_POSTGRESQL = 14
"""The oldest that gets fixes; ours was tried with 15."""
_FACTS = text(
    "SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS replica,"
    " current_setting('transaction_read_only') = 'on' AS read_only,"
    " has_schema_privilege(current_schema(), 'CREATE') AS may_create,"
    " to_regclass('alembic_version') IS NOT NULL AS made"
)


async def check_store(settings: StoreSettings) -> list[Check]:
    """What is to be said of the record. Nothing is changed, and nothing made."""
    try:
        file = sqlite_file(settings)
        if file is not None:
            return await asyncio.to_thread(check_file, Path(file))
        return [await _check_server(settings)]
    except (ConfigurationError, StoreError) as error:
        return [failed(NAME, error, "see store.url.")]


async def stop_switch(settings: StoreSettings) -> Switch | None:
    """The switch that stops calls out, where it is on; for a record that `check_store` found good. Nothing is made."""
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return None
    store = Store.of(settings)
    try:
        async with asyncio.timeout(REACH_S), store.read() as connection:
            return await switches.get(connection, switches.OUTBOUND_STOP)
    except (StoreError, TimeoutError):
        return None
    finally:
        await store.close()


async def _check_server(settings: StoreSettings) -> Check:
    store = Store.of(settings)
    try:
        async with asyncio.timeout(REACH_S), store.read() as connection:
            return await _check_database(connection, f"{store.url.host or 'localhost'}/{store.url.database}")
    except TimeoutError:
        return broken(
            NAME, "store_unreachable", f"PostgreSQL at {store.url.host or 'localhost'} did not answer in {REACH_S:g} s",
            "start it, or correct store.url.",
        )  # fmt: skip
    except StoreError as error:
        return failed(NAME, StoreError(str(error), code="store_unreachable"), "start it, or correct store.url.")
    finally:
        await store.close()


async def _check_database(connection: AsyncConnection, where: str) -> Check:
    facts = (await connection.execute(_FACTS)).one()
    major = facts.version // 10_000
    if facts.replica or facts.read_only:
        return broken(NAME, "store_read_only", f"{where} can only be read", "give store.url of the primary server.")
    if not facts.made and not facts.may_create:
        return broken(
            NAME, "store_unwritable", f"the user of store.url may make no tables in {where}",
            "give it the database: `ALTER DATABASE … OWNER TO …`.",
        )  # fmt: skip
    revision = await connection.scalar(text("SELECT version_num FROM alembic_version")) if facts.made else None
    if (told := version_told(revision, where)) is not None:
        return told
    if major < OLDEST_POSTGRESQL:
        return warning(
            NAME, "store_old_server", f"{where} is PostgreSQL {major}, which gets no fixes any more",
            f"upgrade it to {OLDEST_POSTGRESQL} or later.",
        )  # fmt: skip
    return good(NAME, f"{where} can be written, PostgreSQL {major}")
