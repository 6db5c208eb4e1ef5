"""`phone-agent migrate`: makes the tables of the record, or brings them to this version."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from agent import configuration
from agent.store.engine import Store
from agent.store.migrate import migrate as migrate_store


def migrate(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
) -> None:
    """Make the tables of the record, or bring them to this version. `serve` does it by itself when it starts."""
    settings = configuration.load(config).store

    async def run() -> tuple[str | None, str]:
        store = Store.of(settings)
        try:
            return await migrate_store(store)
        finally:
            await store.close()

    before, after = asyncio.run(run())
    typer.echo(f"The record is at revision {after}" + ("." if before == after else f"; it was at {before or 'none'}."))
