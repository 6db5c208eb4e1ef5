"""The report that every `bench …` command and `rehearse` writes: one shape for machines, one table for people."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from agent.ops.targets import targets


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure. Made by `measured`, which looks up what it must reach."""

    name: str
    value: float | None
    """None where there was nothing to measure."""
    unit: str
    count: int
    """How many observations the value rests on."""
    must: float | None
    aim: float | None
    met: bool | None
    """Whether `must` was reached; None where nothing is demanded."""


def measured(name: str, value: float | None, *, count: int) -> Measure:
    """The measure `name` of `targets.toml` with its value, in the unit stated there.

    Raises KeyError for a name that the file does not have: a figure nobody explained is not reported.
    """
    target = targets()[name]
    rounded = None if value is None else round(value, 4)
    return Measure(
        name=name,
        value=rounded,
        unit=target.unit,
        count=count,
        must=target.must,
        aim=target.aim,
        met=target.reached(rounded, target.must),
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that did not go as it had to."""

    what: str
    """Where: a scenario and turn, a call."""
    reason: str
    """One sentence."""


@dataclass(slots=True)
class Report:
    """What a command measured, under which conditions, and what went wrong."""

    command: str
    """As it was typed, without the path of the program."""
    conditions: dict[str, Any]
    measures: list[Measure] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further top-level keys that a command documents, such as `scenarios`."""

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON holds it; the five common keys come first and cannot be replaced by details."""
        common = {
            "command": self.command,
            "conditions": self.conditions,
            "measures": [asdict(measure) for measure in self.measures],
            "failures": [asdict(failure) for failure in self.failures],
        }
        return {**common, **{key: value for key, value in self.details.items() if key not in common}}

    def write(self, path: Path) -> None:
        """Write JSON to `path`, whole or not at all; creates the folder. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                json.dump(self.to_dict(), file, indent=2, ensure_ascii=False, allow_nan=False)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def table(self) -> Table:
        """The measures for people."""
        table = Table(
            box=box.SIMPLE_HEAD, title=Text(self.command, overflow="fold"), title_justify="left", title_style="bold"
        )
        table.add_column("measure", no_wrap=True)
        table.add_column("value", justify="right")
        table.add_column("unit")
        table.add_column("count", justify="right")
        table.add_column("must", justify="right")
        table.add_column("aim", justify="right")
        table.add_column("met", justify="center")
        for measure in self.measures:
            table.add_row(
                measure.name,
                figure(measure.value),
                measure.unit,
                str(measure.count),
                figure(measure.must),
                figure(measure.aim),
                MARKS[measure.met],
            )
        return table


MARKS = {None: Text(""), True: Text("yes", style="green"), False: Text("NO", style="bold red")}
"""`Measure.met` for tables."""


def figure(value: float | None) -> str:
    """A figure for a table: three significant digits are enough, large ones are not rounded away."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
