"""`phone-agent bench`: what this machine can carry."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent.commands import bench_service
from agent.errors import ConfigurationError, PhoneAgentError
from agent.ops import logs
from agent.settings import LogSettings

MOST_SHOWN = 10
app = typer.Typer(no_args_is_help=True, help="Measure what this machine can carry.")
app.command()(bench_service.api)
app.command()(bench_service.webhooks)
app.command()(bench_service.outbound)


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


@app.command()
def machines(
    wordings: Annotated[str, typer.Option(help="measure, or tune: what the rules were made with.")] = "measure",
    seed: Annotated[int, typer.Option(min=0, help="Of voices, moments, beeps and what is behind them.")] = 1,
    ears_ms: Annotated[
        float | None, typer.Option(min=1, help="Take understanding to need so long, on a machine that is busy.")
    ] = None,
    control: Annotated[bool, typer.Option(help="Prove that it can fail: people count as machines, and so on.")] = False,
    most: Annotated[int | None, typer.Option(min=1, help="Of people, and of machines, so many at most.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
) -> None:
    """Who answers: greetings of machines and people, seven voices, the agent's own ears and detection.

    Exit status 0: every demand was met; 1: not; 2: it could not be measured.
    """
    from agent.bench.machines.bench import Plan, bench_machines  # heavy
    from agent.bench.machines.wordings import MEASURE, TUNE

    logs.configure(LogSettings(level="warning"))
    if wordings not in {MEASURE, TUNE}:
        raise ConfigurationError(f"There are no wordings {wordings!r}, only {MEASURE} and {TUNE}.")
    console, notes = Console(), Console(stderr=True)
    command = " ".join(["bench", *sys.argv[2:]])
    plan = Plan(wordings, seed, ears_ms, control, most)
    with tempfile.TemporaryDirectory(prefix="phone-agent-bench-") as folder:
        report = asyncio.run(bench_machines(plan, Path(folder), command=command, progress=notes.print))
    if json_out is not None:
        report.write(json_out)
    console.print(report.table())
    for what, count in report.details["confusions"].items():
        console.print(f"{count:4d}  {what}", highlight=False)
    for failure in report.failures:
        console.print(f"{failure.what}: {failure.reason}", style="red", markup=False)
    raise typer.Exit(0 if all(measure.met is not False for measure in report.measures) else 1)


@app.command()
def scripts(
    goals: Annotated[str, typer.Option(help="Only these goals, with commas between them.")] = "",
    model: Annotated[str, typer.Option(help="Name of the language model.")] = "qwen2.5-coder-1.5b-instruct",
    at_once: Annotated[int, typer.Option(min=1, max=16, help="Goals written for at the same time.")] = 1,
    control: Annotated[
        bool, typer.Option(help="Prove that it can fail: one attempt, and nothing that is wrong is mended.")
    ] = False,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the report here, with the scripts.")] = None,
) -> None:
    """Call scripts that the language model writes from one sentence: how many pass their check.

    Exit status 0: every demand was met; 1: not; 2: it could not be measured.
    """
    from agent.bench.scripts.bench import Plan, bench_scripts  # heavy

    logs.configure(LogSettings(level="warning"))
    console, notes = Console(), Console(stderr=True)
    plan = Plan(tuple(filter(None, goals.split(","))), model, at_once, control)
    command = " ".join(["bench", *sys.argv[2:]])
    with tempfile.TemporaryDirectory(prefix="phone-agent-bench-") as folder:
        report = asyncio.run(bench_scripts(plan, Path(folder), command=command, progress=notes.print))
    if json_out is not None:
        report.write(json_out)
    console.print(report.table())
    for failure in report.failures:
        console.print(f"{failure.what}: {failure.reason}", style="red", markup=False)
    raise typer.Exit(0 if all(measure.met is not False for measure in report.measures) else 1)


@app.command()
def conversation(
    turns: Annotated[int, typer.Option(min=1, max=2000, help="Observations that each row rests on.")] = 60,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the report here.")] = None,
    calls: Annotated[str, typer.Option(help="Simultaneous calls whose latency is measured: of 1,2,4,8.")] = "1,2,4",
    profile: Annotated[
        str, typer.Option(help="base, strong with a model of 1.5B, or fast with the smallest ears.")
    ] = "base",
    seed: Annotated[
        int | None, typer.Option(min=0, help="Draw the same callers again; else others in each run.")
    ] = None,
    rows: Annotated[str, typer.Option(help="Only these rows, with commas between them.")] = "",
    control: Annotated[
        str | None, typer.Option(help="Prove that the rows having it can fail; see docs/benchmarks.md.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Draw where the time of each turn went: .png or .svg (row latency).")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep recordings and logs here; else only those of a failure are kept.")
    ] = None,
) -> None:
    """Conversations as callers have them: real Asterisk, real models, recorded people and a test voice.

    Exit status 0: all calls went well and every demand was met; 1: not; 2: it could not be measured.
    """
    from agent.bench.conversation import waterfall  # heavy, as the next
    from agent.bench.conversation.bench import bench_conversation
    from agent.bench.conversation.plan import Plan, parse_calls
    from agent.bench.conversation.plan import profile as profile_of
    from agent.bench.conversation.table import print_report
    from agent.rehearsal.narrator import wide_console

    logs.configure(LogSettings(level="warning"))
    named, at_once, models = tuple(filter(None, rows.split(","))), parse_calls(calls), profile_of(profile)
    if picture is not None:
        waterfall.check(picture, named)
    plan = Plan(
        turns=turns,
        calls=at_once,
        seed=secrets.randbelow(1_000_000) if seed is None else seed,
        folder=keep or Path(tempfile.mkdtemp(prefix="phone-agent-bench-")),
        profile=models,
        control=control,
        rows=named,
    )
    command = " ".join(["bench", *sys.argv[2:]])
    notes = Console(stderr=True)
    try:
        report, done = asyncio.run(bench_conversation(plan, command=command, progress=notes.print))
    except PhoneAgentError:
        if keep is None:
            shutil.rmtree(plan.folder, ignore_errors=True)
        raise
    print_report(wide_console(), report, done)
    try:
        if json_out is not None:
            report.write(json_out)
        if picture is not None:
            waterfall.draw(report, picture)
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be written: {error.strerror}.") from error
    good = not report.failures and all(measure.met is not False for measure in report.measures)
    if keep is None and good:
        shutil.rmtree(plan.folder, ignore_errors=True)
    elif keep is None:
        notes.print(f"Recordings and logs are in {plan.folder}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if good else 1)
