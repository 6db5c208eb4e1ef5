"""Brings the database to the schema of this version; alembic does the work."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from agent.errors import StoreError
from agent.store.engine import Store

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x70_61_6D_69  # "pami": several processes may start at once on one PostgreSQL


async def migrate(store: Store) -> tuple[str | None, str]:
    """Apply what is missing; the revisions before and now. Doing it again does nothing.

    Raises StoreError where the database is of a later version of this software, or cannot be changed.
    """
    async with store.write() as connection:
        if not store.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        return await connection.run_sync(_upgrade)


def newest() -> str:
    """The revision that this version needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise StoreError("This installation has no migrations; install phone-agent again.")
    return head


def revisions() -> set[str]:
    """All that this version knows."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _upgrade(connection: Connection) -> tuple[str | None, str]:
    before = MigrationContext.configure(connection).get_current_revision()
    if before is not None and before not in revisions():
        raise StoreError(
            f"The database is of a later version of this software (revision {before}); install that version, or "
            "restore a backup.",
            code="store_too_new",
        )
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except SQLAlchemyError as error:
        raise StoreError(f"The database could not be migrated: {error}.", code="migration_failed") from error
    return before, newest()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
