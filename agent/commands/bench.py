"""`phone-agent bench`: what this machine can carry."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent.ops import logs
from agent.settings import LogSettings

MOST_SHOWN = 10
app = typer.Typer(no_args_is_help=True, help="Measure what this machine can carry.")


@app.callback()
def _bench() -> None:
    """Keeps `media` a command of its own while it is the only one."""


@app.command()
def media(
    calls: Annotated[
        str,
        typer.Option(
            help="Simultaneous calls. With several numbers (100,150,200) those after the first only look for the limit."
        ),
    ] = "100",
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="How long all calls stand while it is measured.")
    ] = 30,
    rate: Annotated[float, typer.Option(min=0.1, max=200, help="New calls per second until all stand.")] = 10,
    realtime: Annotated[bool, typer.Option(help="Ask for real-time scheduling, as media.realtime does.")] = True,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
) -> None:
    """The sound path under load: real Asterisk, SIPp's callers, an echo in place of the models.

    Exit status 0: all calls went well and every demand was met; 1: not; 2: it could not be measured.
    """
    from agent.bench.media import bench_media  # heavy, as the next
    from agent.bench.plan import MediaPlan, parse_calls

    logs.configure(LogSettings(level="warning"))
    plan = MediaPlan(parse_calls(calls), seconds, rate, realtime)
    command = f"bench media --calls {calls} --seconds {seconds:g} --rate {rate:g}" + (
        "" if realtime else " --no-realtime"
    )
    console = Console()
    notes = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="phone-agent-bench-") as folder:
        report = asyncio.run(bench_media(plan, Path(folder), command=command, progress=notes.print))
    if json_out is not None:
        report.write(json_out)
    console.print(report.table())
    for failure in report.failures[:MOST_SHOWN]:
        console.print(f"{failure.what}: {failure.reason}", style="red", markup=False)
    if len(plan.calls) > 1:
        for step in report.details["steps"]:
            console.print(f"{step['calls']} calls: {'well' if step['good'] else 'too many'}")
    met = all(measure.met is not False for measure in report.measures)
    raise typer.Exit(0 if met and not report.failures else 1)
