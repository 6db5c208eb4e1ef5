from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agent.commands.demo import SCENARIO, demo
from agent.commands.rehearse import rehearse
from agent.errors import ConfigurationError
from agent.rehearsal.scenario_file import ScenarioError, load_scenario, load_scenarios, scenario_schema

app = typer.Typer()
app.command()(rehearse)


def test_the_schema_is_printed() -> None:
    assert CliRunner().invoke(app, ["--schema"]).output == scenario_schema()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], ConfigurationError),
        (["none.yaml"], ScenarioError),
        ([str(SCENARIO), "--control", "nonsense"], ConfigurationError),
    ],
)
def test_what_cannot_be_rehearsed_is_said_before_anything_starts(arguments: list[str], error: type[Exception]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert type(result.exception) is error


def test_every_scenario_that_ships_can_be_read() -> None:
    names = [path.stem for path, _ in load_scenarios([SCENARIO.parent])]
    assert {"opening-hours", "three-questions", "goodbye", "silence"} <= set(names)


def test_the_demo_asks_three_questions_and_interrupts_once() -> None:
    said = [step.name for step in load_scenario(Path(SCENARIO)).caller if step.utterance]
    assert said == ["say", "say", "interrupt", "say"]


def test_the_demo_empties_no_folder_but_its_own(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError, match="holds other files"):
        demo(llm=None, folder=tmp_path)
    assert (tmp_path / "thesis.txt").exists()
