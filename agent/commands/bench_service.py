"""`phone-agent bench api`, `bench webhooks` and `bench outbound`: what an application can rely on."""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from agent.ops import logs
from agent.ops.report import Report
from agent.settings import LogSettings

MOST_SHOWN = 10
Stores = Annotated[str, typer.Option("--store", help="sqlite, postgresql or both.")]
PostgresqlUrl = Annotated[
    str, typer.Option(help="An empty database, emptied again afterwards; else a private server is started.")
]
Seed = Annotated[int | None, typer.Option(min=0, help="Draw the same again; else others in each run.")]
Control = Annotated[str | None, typer.Option(help="Prove that it can fail; see docs/benchmarks.md.")]
JsonOut = Annotated[Path | None, typer.Option("--json", help="Write the report here.")]


def api(
    store: Stores = "both",
    postgresql_url: PostgresqlUrl = "",
    calls: Annotated[int, typer.Option(min=100, max=10_000_000, help="Calls in the store.")] = 100_000,
    rate: Annotated[float, typer.Option(min=1, max=1000, help="Requests a second while answers are timed.")] = 40,
    seconds: Annotated[float, typer.Option(min=2, max=3600, help="How long answers are timed.")] = 60,
    seed: Seed = None,
    realtime: Annotated[bool, typer.Option(help="Ask for real-time scheduling, as media.realtime does.")] = True,
    control: Control = None,
    json_out: JsonOut = None,
) -> None:
    """The API on a store with 100,000 calls, and whether its traffic is heard in 20 calls that stand.

    Exit status 0: all went well and every demand was met; 1: not; 2: it could not be measured.
    """
    from agent.bench.service.api import ApiPlan, bench_api  # heavy, as the next
    from agent.bench.service.stores import parse_stores

    plan = ApiPlan(parse_stores(store), postgresql_url, calls, rate, seconds, _drawn(seed), realtime, control)
    _run(lambda folder, **more: bench_api(plan, folder, **more), json_out)


def webhooks(
    store: Stores = "both",
    postgresql_url: PostgresqlUrl = "",
    deliveries: Annotated[int, typer.Option(min=100, max=1_000_000, help="That wait when it begins.")] = 30_000,
    seconds: Annotated[
        float, typer.Option(min=2, max=3600, help="How long new events come, with and without bad endpoints.")
    ] = 30,
    rows: Annotated[str, typer.Option(help="Only these, with commas between them; see docs/benchmarks.md.")] = "",
    seed: Seed = None,
    control: Control = None,
    json_out: JsonOut = None,
) -> None:
    """Webhooks to a local application while the sender is killed twice, and beside a slow and a dead endpoint.

    Exit status 0: all went well and every demand was met; 1: not; 2: it could not be measured.
    """
    from agent.bench.service.stores import parse_stores  # heavy, as the next
    from agent.bench.service.webhooks import ROWS, WebhooksPlan, bench_webhooks

    plan = WebhooksPlan(
        parse_stores(store),
        postgresql_url,
        deliveries,
        seconds=seconds,
        seed=_drawn(seed),
        control=control,
        rows=tuple(filter(None, rows.split(","))) or ROWS,
    )
    _run(lambda folder, **more: bench_webhooks(plan, folder, **more), json_out)


def outbound(
    store: Annotated[str, typer.Option(help="sqlite or postgresql.")] = "sqlite",
    postgresql_url: PostgresqlUrl = "",
    calls: Annotated[int, typer.Option(min=20, max=100_000, help="Of the row with many at once.")] = 330,
    rows: Annotated[str, typer.Option(help="Only these, with commas between them; see docs/benchmarks.md.")] = "",
    realtime: Annotated[bool, typer.Option(help="Ask for real-time scheduling, as media.realtime does.")] = True,
    control: Control = None,
    json_out: JsonOut = None,
) -> None:
    """Calls out to callees who answer, are busy, decline, do not exist or ring on, with an echo in place of models.

    Exit status 0: all went well and every demand was met; 1: not; 2: it could not be measured.
    """
    from agent.bench.outbound.bench import ROWS, OutboundPlan, bench_outbound  # heavy, as the next
    from agent.bench.service.stores import parse_stores
    from agent.errors import ConfigurationError

    if len(parse_stores(store)) != 1:
        raise ConfigurationError("--store takes one of sqlite and postgresql here.")
    wanted = tuple(filter(None, rows.split(","))) or ROWS
    plan = OutboundPlan(store, postgresql_url, calls, realtime=realtime, control=control, rows=wanted)
    _run(lambda folder, **more: bench_outbound(plan, folder, **more), json_out)


def _drawn(seed: int | None) -> int:
    return secrets.randbelow(1_000_000) if seed is None else seed


def _run(measure: Callable[..., Coroutine[Any, Any, Report]], json_out: Path | None) -> None:
    from agent.rehearsal.narrator import wide_console  # heavy

    logs.configure(LogSettings(level="warning"))
    command = " ".join(["bench", *_without_secrets(sys.argv[2:])])
    notes = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="phone-agent-bench-") as folder:
        report = asyncio.run(measure(Path(folder), command=command, progress=notes.print))
    if json_out is not None:
        report.write(json_out)
    console = wide_console()
    console.print(report.table())
    console.print(Text(_conditions_line(report), style="dim"), soft_wrap=True)
    for failure in report.failures[:MOST_SHOWN]:
        console.print(Text(f"{failure.what}: {failure.reason}", style="red"), soft_wrap=True)
    met = all(measure.met is not False for measure in report.measures)
    raise typer.Exit(0 if met and not report.failures else 1)


def _without_secrets(arguments: list[str]) -> list[str]:
    """A database's URL may hold a password."""
    return ["(hidden)" if "postgresql://" in argument else argument for argument in arguments]


def _conditions_line(report: Report) -> str:
    found = report.conditions
    return "; ".join(
        (
            f"{found['cores']} cores of {found['cpu']}",
            f"{found['memory_gb']:g} GB",
            f"{found['processor_speed_mb_s']:g} MB/s BLAKE2b",
            f"load average at the start {found['load_average'][0]:g}",
            f"seed {found['seed']}",
            f"control: {found['control']}" if found["control"] else "no control",
            f"{len(report.failures)} failures",
        )
    )
