"""Where the time of each answer went, stage by stage, as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table

from agent.ops.report import figure
from agent.rehearsal.turn_results import TurnResult

HEADINGS = {
    "speech_ended": "speech over",
    "turn_ended": "turn over",
    "transcribed": "transcript",
    "first_token": "first word",
    "first_clause": "first clause",
    "first_sound_queued": "sound ready",
    "first_sound_played": "played",
}
"""`agent.domain.turns.STAGES`, in their order."""


def stage_table(turns: Sequence[TurnResult]) -> Table | None:
    """One line for each answer that was heard; None where there is none."""
    answers = [turn for turn in turns if turn.turn > 0 and turn.latency_ms is not None]
    if not answers:
        return None
    table = Table(box=box.SIMPLE_HEAD, title="ms since the caller's last sound", title_justify="left")
    table.add_column("turn", justify="right")
    for heading in (*HEADINGS.values(), "heard"):
        table.add_column(heading, justify="right")
    for turn in answers:
        reached = [turn.stages_ms.get(stage) for stage in HEADINGS]
        table.add_row(str(turn.turn), *(_whole(at) for at in (*reached, turn.latency_ms)))
    return table


def _whole(at: float | None) -> str:
    return figure(None if at is None else round(at))
