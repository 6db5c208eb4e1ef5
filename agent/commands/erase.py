"""`phone-agent erase`: answers a person's request that their data be erased."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from agent import configuration
from agent.errors import ConfigurationError
from agent.recordings.archive import BATCH, Archive, NotOverError
from agent.recordings.folder import RecordingsFolder
from agent.settings import Settings
from agent.store import erasure
from agent.store.engine import Store
from agent.store.erasure import Erased
from agent.store.migrate import migrate
from agent.store.record import server_name

_PUNCTUATION = re.compile(r"[\s()./-]")
_NUMBER = re.compile(r"\+?[0-9*#]{2,32}")
INCOMPLETE = 1
"""Exit status where calls go on, or their recordings are not complete: the same command later erases them."""


def erase(
    number: Annotated[
        list[str],
        typer.Option(help="A number of the person, as calls show it, such as +493012345678; may be repeated."),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Erase who called and what was said, of all calls from or to a number. Times and figures stay.

    A number with + is also looked for with 00 and without either. Exit status 1: some calls were not over.
    """
    spellings = sorted({spelling for one in number for spelling in _spellings(one)})
    asyncio.run(_run(configuration.load(config), spellings, ask=not yes, as_json=as_json))


async def _run(settings: Settings, numbers: list[str], *, ask: bool, as_json: bool) -> None:
    store = Store.of(settings.store)
    try:
        await migrate(store)
        found = [call_id async for call_id in _calls(store, numbers)]
        if ask and found:
            typer.confirm(f"Erase {len(found)} calls of {', '.join(numbers)}? It cannot be undone", abort=True)
        archive = Archive(store, RecordingsFolder.of(settings.recordings), server=server_name(settings.store))
        erased, left = await _erased(archive, found)
        await archive.forget()
    finally:
        await store.close()
    _print(numbers, erased, left, as_json=as_json)
    if left:
        raise typer.Exit(INCOMPLETE)


async def _calls(store: Store, numbers: list[str]) -> AsyncIterator[str]:
    last = ""
    while True:
        async with store.read() as connection:
            page = await erasure.of_numbers(connection, numbers, after=last, limit=BATCH)
        for call_id in page:
            yield call_id
        if len(page) < BATCH:
            return
        last = page[-1]


async def _erased(archive: Archive, call_ids: list[str]) -> tuple[list[Erased], list[str]]:
    erased: list[Erased] = []
    left: list[str] = []
    for call_id in call_ids:
        try:
            erased += await archive.erase([call_id])
        except NotOverError:
            left.append(call_id)
    return erased, left


def _print(numbers: list[str], erased: list[Erased], left: list[str], *, as_json: bool) -> None:
    if as_json:
        calls = [
            {"id": one.call_id, "turns": one.turns, "events": one.events, "recording": one.recording} for one in erased
        ]
        typer.echo(json.dumps({"numbers": numbers, "erased": calls, "not_over": left}))
        return
    for one in erased:
        recording = ", its recording" if one.recording else ""
        typer.echo(f"{one.call_id}: erased, with {one.turns} turns, {one.events} events{recording}.")
    for call_id in left:
        typer.echo(f"{call_id}: is not over; run the same command again afterwards.", err=True)
    typer.echo(f"{len(erased)} calls of {', '.join(numbers)} erased." if erased else "No call was erased.")


def _spellings(given: str) -> set[str]:
    number = _PUNCTUATION.sub("", given)
    if not _NUMBER.fullmatch(number):
        raise ConfigurationError(f"{given[:40]!r} is no number; write it as calls show it, such as +493012345678.")
    digits = number.removeprefix("+")
    return {number, digits, f"00{digits}"} if number.startswith("+") else {number}
