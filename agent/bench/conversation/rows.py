"""All rows of `bench conversation`, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Iterable

from agent.bench.conversation.backchannels import Backchannels
from agent.bench.conversation.cost import Cpu, Memory
from agent.bench.conversation.dictation import DictationRow
from agent.bench.conversation.frames import Frames
from agent.bench.conversation.greeting import Greeting
from agent.bench.conversation.interruptions import Interruptions
from agent.bench.conversation.inventions import Inventions
from agent.bench.conversation.latency import Latency
from agent.bench.conversation.pauses import Pauses
from agent.bench.conversation.row import Row
from agent.bench.conversation.scripts import Scripts
from agent.bench.conversation.short_answers import ShortAnswers
from agent.bench.conversation.word_error_rate import WordErrorRate
from agent.errors import ConfigurationError


def all_rows() -> dict[str, Row]:
    """By name."""
    rows: list[Row] = [
        Latency(),
        Greeting(),
        Frames(),
        Cpu(),
        Memory(),
        Interruptions(),
        Backchannels(),
        Pauses(),
        DictationRow(),
        ShortAnswers(),
        Scripts(),
        Inventions(),
        WordErrorRate(),
    ]
    return {row.name: row for row in rows}


def chosen(rows: dict[str, Row], names: Iterable[str], control: str | None) -> list[Row]:
    """Those named; without names all, and under a control those that have it.

    Raises ConfigurationError for a row or control that there is not, or a named row that has not the control.
    """
    wanted = list(names)
    for name in wanted:
        if name not in rows:
            raise ConfigurationError(f"--rows {name} is not known; known are {', '.join(rows)}.")
    if control is None:
        return [row for row in rows.values() if not wanted or row.name in wanted]
    having = {row.name: row for row in rows.values() if control in row.controls}
    if not having:
        known = sorted({name for row in rows.values() for name in row.controls})
        raise ConfigurationError(f"--control {control} is not known; known are {', '.join(known)}.")
    for name in wanted:
        if name not in having:
            raise ConfigurationError(f"--control {control} is none of the row {name}; it has {_controls(rows[name])}.")
    return [row for row in having.values() if not wanted or row.name in wanted]


def _controls(row: Row) -> str:
    return ", ".join(row.controls)
