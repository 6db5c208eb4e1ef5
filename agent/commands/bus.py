"""`phone-agent bus`: how far events were published to the message queue, and to publish some again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from agent import configuration
from agent.errors import ConfigurationError
from agent.store import bus_positions, events
from agent.store.engine import Store
from agent.store.migrate import migrate

app = typer.Typer(no_args_is_help=True, help="Look after the message queue: what waits, and publishing again.")
ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")]
ResultT = TypeVar("ResultT")


@app.command()
def status(config: ConfigFile = None) -> None:
    """Show how many events wait, and whether a server publishes them right now."""
    found = _in_record(config, bus_positions.look)
    publishing = found.leased_until is not None and found.leased_until > datetime.now(UTC)
    typer.echo(f"Up to {found.behind} events wait; {'a' if publishing else 'no'} server is publishing.")


@app.command()
def replay(
    since: Annotated[str, typer.Option(help="From when on, in ISO 8601, such as 2026-03-01T12:00:00Z.")],
    config: ConfigFile = None,
) -> None:
    """Publish all events since a moment once more, with the same ids."""
    moment = _moment(since)

    async def go_back(connection: AsyncConnection) -> bus_positions.BusPosition:
        now = await bus_positions.look(connection)
        await bus_positions.move(connection, min(now.position, await events.position_before(connection, moment)))
        return await bus_positions.look(connection)

    typer.echo(f"Up to {_in_record(config, go_back).behind} events wait now.")


@app.command()
def skip(config: ConfigFile = None) -> None:
    """Give up what waits: the next event that happens is the next to be published."""

    async def go_on(connection: AsyncConnection) -> int:
        waiting = (await bus_positions.look(connection)).behind
        await bus_positions.move(connection, await events.last_position(connection))
        return waiting

    typer.echo(f"Up to {_in_record(config, go_on)} events will not be published.")


def _in_record(config: Path | None, work: Callable[[AsyncConnection], Awaitable[ResultT]]) -> ResultT:
    settings = configuration.load(config).store

    async def run() -> ResultT:
        store = Store.of(settings)
        try:
            await migrate(store)
            async with store.write() as connection:
                await bus_positions.begin(store, connection)
                return await work(connection)
        finally:
            await store.close()

    return asyncio.run(run())


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError("--since is no time; write it like 2026-03-01T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
