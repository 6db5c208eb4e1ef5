"""`phone-agent rehearse`: place scripted calls and judge them."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from agent.errors import ConfigurationError
from agent.ops import logs
from agent.settings import LogSettings


def rehearse(
    scenarios: Annotated[list[Path] | None, typer.Argument(help="Scenario files, or folders of them.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="The agent's configuration file.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep recordings and logs here; else only those of a failure are kept.")
    ] = None,
    llm: Annotated[str | None, typer.Option(help="Another language model than the configuration's.")] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(help="Prove the measurement: echo, delay=MS or no-barge-in. May be given several times."),
    ] = None,
    timeline: Annotated[
        Path | None, typer.Option(help="Draw each call into this folder, as a picture of both sides over time (SVG).")
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a scenario and end.")] = False,
) -> None:
    """Place each scenario as a real call on an Asterisk and an agent of its own, and judge what was heard.

    Exit status 0: every scenario passed; 1: one did not; 2: a scenario or the configuration cannot be used.
    """
    from agent.rehearsal.scenario_file import load_scenarios, scenario_schema  # heavy, as those below

    if schema:
        typer.echo(scenario_schema(), nl=False)
        return
    if not scenarios:
        raise ConfigurationError("Name a scenario file or a folder of them.")
    loaded = load_scenarios(scenarios)
    from agent.rehearsal.control import Control
    from agent.rehearsal.narrator import wide_console
    from agent.rehearsal.production import Production
    from agent.rehearsal.rehearsal import Plan
    from agent.rehearsal.timeline import check

    logs.configure(LogSettings(level="warning"))
    controls = Control.parse(control or [])
    folder = keep or Path(tempfile.mkdtemp(prefix="phone-agent-rehearsal-"))
    if timeline is not None:
        check()
    plan = Plan(folder=folder, config=config, llm=llm, control=controls)
    production = Production(
        command=" ".join(["rehearse", *sys.argv[2:]]),
        plan=plan,
        console=wide_console(),
        discard=keep is None,
        timeline=timeline,
    )
    passed = asyncio.run(production.run(loaded, json_out=json_out))
    raise typer.Exit(0 if passed else 1)
