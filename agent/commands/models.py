"""`phone-agent models`: what there is, fetch it, check it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from agent import configuration
from agent.errors import ModelError
from agent.models.choice import needed
from agent.models.store import Listed, ModelStore
from agent.settings import Settings

app = typer.Typer(no_args_is_help=True, help="List, fetch and check the models.")
ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")]
Names = Annotated[list[str] | None, typer.Argument(help="Names of models; none: those that the configuration needs.")]


@app.command(name="list")
def list_models(
    config: ConfigFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show every model of the manifest, and whether it is here."""
    settings, store = _open(config)
    required = _needed(settings)
    if as_json:
        typer.echo(
            json.dumps({"folder": str(store.folder), "models": [_as_dict(one, required) for one in store.list()]})
        )
        return
    table = Table(caption=f"in {store.folder}")
    for heading in ("model", "for", "size", "licence", "languages", "state", "needed"):
        table.add_column(heading, no_wrap=heading in {"model", "size", "state", "needed"}, overflow="fold")
    for one in store.list():
        model = one.model
        needs = "yes" if model.name in required else ""
        size = f"{model.size / 1e6:,.0f} MB"
        table.add_row(model.name, model.kind, size, model.licence, ", ".join(model.languages), one.state, needs)
    Console().print(table)


@app.command()
def pull(names: Names = None, config: ConfigFile = None) -> None:
    """Fetch models; one that is here and whole takes no time."""
    settings, store = _open(config)
    for name in names or _needed(settings):
        with _progress(name) as report:
            path = store.pull(name, report)
        typer.echo(f"{name}: {path}")


@app.command()
def verify(names: Names = None, config: ConfigFile = None) -> None:
    """Read models in full and compare them with the manifest."""
    settings, store = _open(config)
    problems = []
    for name in names or _needed(settings):
        try:
            store.verify(name)
        except ModelError as error:
            problems.append(str(error))
        else:
            typer.echo(f"{name}: good")
    if problems:
        raise ModelError(" ".join(problems), code="model_corrupt")


def _open(config: Path | None) -> tuple[Settings, ModelStore]:
    settings = configuration.load(config)
    return settings, ModelStore.of(settings.models)


def _needed(settings: Settings) -> tuple[str, ...]:
    return needed(settings, psutil.virtual_memory().total)


def _as_dict(one: Listed, required: tuple[str, ...]) -> dict[str, object]:
    model = one.model
    return {
        "name": model.name,
        "kind": model.kind,
        "summary": model.summary,
        "licence": model.licence,
        "languages": list(model.languages),
        "bytes": model.size,
        "files": [file.model_dump() for file in model.files],
        "sources": [source.label for source in model.sources],
        "state": one.state.value,
        "needed": model.name in required,
        "path": str(one.path),
    }


class _Report:
    """Shows how a pull gets on, once there is something to do: as a bar, or as lines where nobody looks on."""

    def __init__(self, bar: Progress, name: str) -> None:
        self._bar = bar
        self._name = name
        self._task = bar.add_task(name, total=None, visible=False)

    def __call__(self, done: int, total: int, what: str) -> None:
        if self._bar.disable:
            typer.echo(f"{self._name}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB, {what}", err=True)
        self._bar.update(self._task, completed=done, total=total, visible=True, description=f"{self._name}: {what}")


@contextmanager
def _progress(name: str) -> Iterator[_Report]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield _Report(bar, name)
