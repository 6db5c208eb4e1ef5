"""`phone-agent erase` as it is typed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import typer
from typer.testing import CliRunner, Result

from agent.commands.erase import erase
from agent.errors import ConfigurationError
from agent.store.engine import Store
from agent.store.migrate import migrate
from tests.integration.recordings.archives import NUMBER, Shelf

ResultT = TypeVar("ResultT")
app = typer.Typer()
app.command()(erase)


class Machine:
    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'record.db'}"
        self.recordings = folder / "recordings"

    def do(self, work: Callable[[Shelf], Awaitable[ResultT]]) -> ResultT:
        async def run() -> ResultT:
            store = Store(self.url)
            await migrate(store)
            try:
                return await work(Shelf(store, self.recordings))
            finally:
                await store.close()

        return asyncio.run(run())


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHONE_AGENT_STORE__FILE", str(tmp_path / "record.db"))
    monkeypatch.setenv("PHONE_AGENT_STORE__SERVER", "one")
    monkeypatch.setenv("PHONE_AGENT_RECORDINGS__FOLDER", str(tmp_path / "recordings"))
    return Machine(tmp_path)


def run(*arguments: str, answer: str = "") -> Result:
    result = CliRunner().invoke(app, list(arguments), input=answer)
    if isinstance(result.exception, Exception):
        raise result.exception
    return result


def test_all_calls_of_a_number_in_every_spelling(machine: Machine) -> None:
    async def make(shelf: Shelf) -> None:
        for call_id, caller in (("call_1", NUMBER), ("call_2", "00493012345678"), ("call_3", "+4930999")):
            await shelf.call(call_id, caller=caller)

    machine.do(make)
    result = run("--number", "+49 30 12345678", "--yes")
    assert result.exit_code == 0
    assert "call_1: erased, with 1 turns, 8 events, its recording." in result.stdout
    assert "2 calls of +493012345678, 00493012345678, 493012345678 erased." in " ".join(result.stdout.split())
    left = machine.do(lambda shelf: shelf.shown("call_3"))
    assert left.from_ == "+4930999"
    assert machine.do(lambda shelf: shelf.shown("call_2")).from_ is None
    assert sorted(path.name for path in machine.recordings.iterdir()) == ["call_3.wav"]
    assert "No call was erased." in run("--number", NUMBER, "-y").stdout


def test_it_asks_first(machine: Machine) -> None:
    machine.do(lambda shelf: shelf.call("call_1"))
    assert run("--number", NUMBER, answer="n\n").exit_code == 1
    assert machine.do(lambda shelf: shelf.shown("call_1")).from_ == NUMBER
    assert run("--number", NUMBER, answer="y\n").exit_code == 0
    assert machine.do(lambda shelf: shelf.shown("call_1")).from_ is None


def test_calls_that_go_on_are_told(machine: Machine) -> None:
    async def make(shelf: Shelf) -> None:
        await shelf.call("call_1")
        await shelf.call("call_2", over=False, recorded=False)

    machine.do(make)
    result = run("--number", NUMBER, "--yes", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [call["id"] for call in told["erased"]] == ["call_1"]
    assert told["not_over"] == ["call_2"]


@pytest.mark.parametrize("number", ["", "Erika", "%", "+49 '; DROP TABLE calls"])
def test_what_is_no_number_is_refused(machine: Machine, number: str) -> None:
    with pytest.raises(ConfigurationError, match="no number"):
        run("--number", number, "--yes")
