"""`phone-agent keys`: who may use the API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agent import configuration
from agent.errors import ConfigurationError
from agent.store.api_keys import ApiKey, ApiKeys, Scope
from agent.store.engine import Store
from agent.store.migrate import migrate

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys of the API.")
ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
MAX_NAME = 100
ResultT = TypeVar("ResultT")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will use it, such as rails-production.")],
    scope: Annotated[
        list[Scope], typer.Option(help="read, calls (acts on calls, too) or admin (everything).", show_default=False)
    ],
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it: this once, since only its hash is kept."""
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise ConfigurationError(f"A key needs a name of 1 to {MAX_NAME} printable characters.")
    key, secret = _with_keys(config, lambda keys: keys.create(name, frozenset(scope), _now()))
    if as_json:
        typer.echo(json.dumps({**_as_dict(key), "secret": secret}))
        return
    typer.echo(secret)
    typer.echo(f"{key.id}: keep the key above, it cannot be shown again.", err=True)


@app.command(name="list")
def list_keys(config: ConfigFile = None, as_json: Json = False) -> None:
    """Show every key, also those revoked; never the key itself."""
    keys = _with_keys(config, lambda keys: keys.list())
    if as_json:
        typer.echo(json.dumps([_as_dict(key) for key in keys]))
        return
    table = Table()
    for heading in ("id", "name", "begins with", "scopes", "created", "last used", "revoked"):
        table.add_column(heading, no_wrap=heading == "id", overflow="fold")
    for key in keys:
        times = [_shown(moment) for moment in (key.created_at, key.last_used_at, key.revoked_at)]
        table.add_row(key.id, escape(key.name), escape(key.hint), ", ".join(sorted(key.scopes)), *times)
    Console().print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id, as `phone-agent keys list` shows it.")],
    config: ConfigFile = None,
) -> None:
    """Refuse a key from now on."""
    if not _with_keys(config, lambda keys: keys.revoke(key_id, _now())):
        raise ConfigurationError("There is no key with this id; `phone-agent keys list` shows all.")
    typer.echo(f"{key_id} is revoked.")


def _with_keys(config: Path | None, work: Callable[[ApiKeys], Awaitable[ResultT]]) -> ResultT:
    settings = configuration.load(config).store

    async def run() -> ResultT:
        store = Store.of(settings)
        try:
            await migrate(store)
            return await work(ApiKeys(store))
        finally:
            await store.close()

    return asyncio.run(run())


def _now() -> datetime:
    return datetime.now(UTC)


def _shown(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}Z"


def _as_dict(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at.isoformat(),
        "last_used_at": None if key.last_used_at is None else key.last_used_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
    }
