"""The report of `bench conversation` for people: each figure beside its count, its failed runs and the load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.bench.conversation.bench import Done
from agent.ops.report import MARKS, Report, figure

MOST_SHOWN = 10
"""Failures; all of them are in the JSON report."""


def print_report(console: Console, report: Report, done: Sequence[Done]) -> None:
    """Table, notes, conditions, failures."""
    console.print(table(report.command, done))
    for one in done:
        for note in one.findings.notes:
            console.print(Text(note), soft_wrap=True)
    console.print(Text(conditions_line(report.conditions), style="dim"), soft_wrap=True)
    for failure in report.failures[:MOST_SHOWN]:
        console.print(Text(f"{failure.what}: {failure.reason}", style="red"), soft_wrap=True)
    if len(report.failures) > MOST_SHOWN:
        console.print(Text(f"and {len(report.failures) - MOST_SHOWN} more failures; see --json", style="red"))


def table(command: str, done: Sequence[Done]) -> Table:
    """One line for each measure."""
    found = Table(box=box.SIMPLE_HEAD, title=Text(command, overflow="fold"), title_justify="left", title_style="bold")
    found.add_column("measure", no_wrap=True)
    for heading in ("value", "unit", "count", "failed", "load", "speed", "must", "aim"):
        found.add_column(heading, justify="left" if heading == "unit" else "right")
    found.add_column("met", justify="center")
    for one in done:
        for measure in one.findings.measures:
            failed = one.findings.failed.get(measure.name, len(one.findings.failures))
            found.add_row(
                measure.name.removeprefix("conversation."),
                figure(measure.value),
                measure.unit,
                f"{measure.count:,}",
                Text(str(failed), style="red" if failed else ""),
                f"{one.load_average[1]:.1f}",
                f"{min(one.processor_speed):.0f}",
                figure(measure.must),
                figure(measure.aim),
                MARKS[measure.met],
            )
    return found


def conditions_line(conditions: Mapping[str, Any]) -> str:
    """The conditions in one line, for a terminal or the title of a picture."""
    models = conditions["models"]
    parts = [
        f"{conditions['cores']} cores of {conditions['cpu']}",
        f"{conditions['memory_gb']:g} GB",
        f"{conditions['processor_speed_mb_s']:g} MB/s BLAKE2b",
        f"load average at the start {conditions['load_average'][0]:g}",
        f"{models['stt']}, {models['llm']}, {models['tts']}",
        f"profile {conditions['profile']}",
        f"seed {conditions['seed']}",
        f"control: {conditions['control_says']}" if conditions["control"] else "no control",
        *(f"{name}={value}" for name, value in conditions["settings"].items()),
    ]
    return "; ".join(parts)
