"""`phone-agent scripts write` against a real API, with a writer whose work is known."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.api.script_examples import SCRIPT
from agent.commands.api_client import KEY, ServerError
from agent.commands.script_writing import write_script
from agent.domain.script import CallScript
from agent.domain.script_brief import ScriptBrief
from agent.domain.script_finding import Finding, FindingCode
from agent.scripts.author import Author
from agent.scripts.by_hand import script_of_text
from agent.scripts.writer import Written
from agent.settings import Settings
from agent.store.api_keys import Scope
from tests.integration.api.resources.conftest import Office

GOAL = {"goal": "Remind patients of Lakeside Dental of their appointment.", "language": "en"}
PLAN = CallScript.model_validate(SCRIPT)
WRONG = Finding(code=FindingCode.INVENTED, path="/opening", message='It says "Robert", which nobody told.')


class Pen:
    """A writer that hands out what it was given."""

    def __init__(self, outcome: Written) -> None:
        self._outcome = outcome

    async def write(self, brief: ScriptBrief) -> Written:
        assert brief.goal == GOAL["goal"]
        return self._outcome


async def _written(office: Office, outcome: Written, out: Path) -> bool:
    author = Author(office.house.store, Pen(outcome), server="s", told=lambda _events: None)
    command = asyncio.create_task(write_script(Settings(), str(office.client.make_url("/")), GOAL, out))
    while not await author.write_once():
        assert not command.done()
    return await command


@pytest.fixture(autouse=True)
def _key(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, office.secrets[Scope.CALLS])


@pytest.mark.parametrize("findings", [(), (WRONG,)])
async def test_a_script_comes_into_a_file_with_what_is_wrong(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str], findings: tuple[Finding, ...]
) -> None:
    out = tmp_path / "script.yaml"
    assert await _written(office, Written(PLAN, findings, 2), out) is not bool(findings)
    assert script_of_text(out.read_text("utf-8")) == PLAN
    assert "max_length" not in out.read_text("utf-8")
    told = capsys.readouterr().out
    assert ("Robert" in told) is bool(findings)
    assert ("can be approved" in told) is not bool(findings)


async def test_what_could_not_be_written_leaves_no_file_and_says_why(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "script.yaml"
    assert not await _written(office, Written(None, (WRONG,), 3), out)
    assert not out.exists()
    told = capsys.readouterr()
    assert "Robert" in told.out
    assert "script_invalid" in told.err


async def test_a_goal_that_is_refused_says_what_is_wrong_with_it(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = str(office.client.make_url("/"))
    assert not await write_script(Settings(), url, {"goal": "x"}, tmp_path / "script.yaml")
    assert "goal" in capsys.readouterr().err


async def test_a_server_that_is_away_is_told(tmp_path: Path, unused_tcp_port: int) -> None:
    with pytest.raises(ServerError, match="does not answer"):
        await write_script(Settings(), f"http://127.0.0.1:{unused_tcp_port}", GOAL, tmp_path / "script.yaml")
