"""`phone-agent demo`: one real call to the sample receptionist, printed as it happens."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from agent.errors import ConfigurationError
from agent.ops import logs
from agent.resources import PACKAGE
from agent.settings import LogSettings

SAMPLES = PACKAGE / "samples"
MARK = ".phone-agent-demo"
"""In a folder that a demo may empty."""
SCENARIO = SAMPLES / "scenarios" / "three-questions.yaml"


def demo(
    llm: Annotated[str | None, typer.Option(help="Another language model than this machine's default.")] = None,
    folder: Annotated[Path, typer.Option(help="For the recording, the report and the logs.")] = Path("var/demo"),
) -> None:
    """Call the sample receptionist over SIP, ask three questions, and show what came of it.

    A configuration file is not read: the demo is the same everywhere. Exit status 0: the call went as it should;
    1: it did not; 2: it could not be placed.
    """
    from agent.rehearsal.narrator import wide_console  # heavy, as those below
    from agent.rehearsal.production import Production
    from agent.rehearsal.rehearsal import Plan
    from agent.rehearsal.scenario_file import load_scenarios

    logs.configure(LogSettings(level="warning"))
    console = wide_console()
    console.print(Text("Phone Agent: a caller dials the receptionist of Lakeside Dental.", style="bold"))
    console.print(Text("Asterisk, speech recognition, language model and voice all run on this machine.", style="dim"))
    _clear(folder)
    plan = Plan(folder=folder, config=SAMPLES / "phone-agent.toml", llm=llm)
    production = Production(command="demo", plan=plan, console=console)
    passed = asyncio.run(production.run(load_scenarios([SCENARIO]), json_out=folder / "report.json"))
    for what, path in (("Recording", production.recordings[0]), ("Report", folder / "report.json")):
        console.print(f"{what}: {path.resolve()}", highlight=False, soft_wrap=True)
    console.print(Text("Left what the caller sent, right what the caller heard. Nothing is left running.", style="dim"))
    raise typer.Exit(0 if passed else 1)


def _clear(folder: Path) -> None:
    """Remove what an earlier demo left; raises ConfigurationError for a folder that holds anything else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise ConfigurationError(f"{folder} holds other files; name a folder for the demo alone with --folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
