"""The picture of where the time of answers goes: above the typical turn, below every turn, slowest last."""

from __future__ import annotations

import importlib.util
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.bench.conversation.stages import CHAIN, SPEECH_ENDED, TURN_ENDED, Stage, medians, segments, slowest_last
from agent.bench.conversation.table import conditions_line
from agent.errors import ConfigurationError
from agent.ops.percentiles import summarise
from agent.ops.report import Report
from agent.ops.targets import targets

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Turns = Sequence[tuple[Mapping[str, float], float]]
"""Stages and voice to voice of each answered turn."""

SAYS = {
    SPEECH_ENDED: "speech over (detector)",
    TURN_ENDED: "turn declared over",
    "transcribed": "transcript",
    "first_token": "model's first word",
    "first_clause": "first clause",
    "first_sound_queued": "its sound is ready",
    "held": "held until the turn is over",
    "first_sound_played": "let go",
    "heard": "heard at the telephone",
}
COLOURS = {
    SPEECH_ENDED: "#777777",
    TURN_ENDED: "#222222",
    "transcribed": "#0072B2",
    "first_token": "#D55E00",
    "first_clause": "#E69F00",
    "first_sound_queued": "#009E73",
    "held": "#C8C8C8",
    "first_sound_played": "#CC79A7",
    "heard": "#56B4E9",
}
"""Of Okabe and Ito (2008), which people who do not see all colours can tell apart."""
FORMATS = (".png", ".svg")
COLUMN_INCHES, ROWS_INCHES, TOP_INCHES = 6.4, 4.6, 3.4
DPI = 130
FEW = 16
"""So many rows at least fill the lower half: fewer turns get no thicker bars."""
_SHOWN = 1.08
"""The axis ends so far beyond the slowest 95th percentile; longer turns are cut and bear their figure."""


def check(path: Path, rows: Sequence[str]) -> None:
    """Raises ConfigurationError where this picture could not be drawn when all is measured."""
    if path.suffix not in FORMATS:
        raise ConfigurationError(f"--picture {path}: give a name that ends with {' or '.join(FORMATS)}.")
    if rows and "latency" not in rows:
        raise ConfigurationError("--picture draws the row latency; add it to --rows.")
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigurationError("--picture needs matplotlib; install it (pip install phone-agent[bench]).")


def draw(report: Report, path: Path) -> None:
    """Draw the row `latency` of a report. Raises ConfigurationError where nobody was answered, OSError."""
    from matplotlib.figure import Figure  # heavy, and an extra

    talks = [talk for talk in report.details["rows"].get("latency", {}).get("talks", ()) if _answered(talk)]
    if not talks:
        raise ConfigurationError("--picture: no turn was answered, so there is nothing to draw.")
    width = max(COLUMN_INCHES * len(talks), 1.4 * COLUMN_INCHES)
    figure = Figure(figsize=(width, TOP_INCHES + ROWS_INCHES + 1.8), dpi=DPI, layout="constrained")
    limit = _SHOWN * max(summarise(heard for _, heard in _answered(talk)).p95 or 0.0 for talk in talks)
    axes = figure.subplots(
        2, len(talks), squeeze=False, sharex=True, gridspec_kw={"height_ratios": [TOP_INCHES, ROWS_INCHES]}
    )
    for column, talk in enumerate(talks):
        _typical(axes[0][column], talk["calls"], _answered(talk), limit, named=column == 0)
        _every(axes[1][column], slowest_last(_answered(talk)), limit, named=column == 0)
    figure.suptitle(
        "Where the time of an answer goes: bars end at the median, whiskers at the 95th percentile (ms since the "
        "caller's last sound)", x=0.01, ha="left", weight="bold", fontsize=12 if len(talks) > 1 else 9,
    )  # fmt: skip
    _legend(figure, textwrap.fill(conditions_line(report.conditions), round(width * 16)))
    figure.savefig(path, format=path.suffix[1:])


def _answered(talk: Mapping[str, Any]) -> Turns:
    return [(turn["stages_ms"], turn["latency_ms"]) for turn in talk["turns"] if turn["latency_ms"] is not None]


def _typical(axes: Axes, calls: int, turns: Turns, limit: float, *, named: bool) -> None:
    """Medians as bars, 95th percentiles as whiskers."""
    heard = summarise(latency for _, latency in turns)
    stages = medians(turns)
    for row, stage in enumerate(stages):
        _bar(axes, row, stage, limit)
    axes.set_yticks(range(len(stages)), [SAYS[stage.stage] if named else "" for stage in stages])
    axes.set_ylim(len(stages) - 0.5, -0.6)
    for colour, key in (("#B00020", "must"), ("#00703C", "aim")):
        bound = getattr(targets()[f"conversation.voice_to_voice_p50_{calls}"], key)
        if bound is not None and bound < limit:
            axes.axvline(bound, color=colour, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
            axes.text(bound, -0.55, f" {key}", color=colour, fontsize=7, va="top")
    name = "one call" if calls == 1 else f"{calls} calls at once"
    axes.set_title(
        f"{name}: p50 {heard.p50:,.0f} ms, p95 {heard.p95:,.0f} ms  ({heard.count} answers)", loc="left", fontsize=11
    )
    _plain(axes, limit)


def _bar(axes: Axes, row: int, stage: Stage, limit: float) -> None:
    p50, p95 = stage.end.p50 or 0.0, stage.end.p95 or 0.0
    colour = COLOURS[stage.stage]
    start = min(stage.start, p50)
    axes.barh(row, max(p50 - start, limit / 300), left=start, height=0.62, color=colour)
    axes.plot([p50, min(p95, limit)], [row, row], color=colour, linewidth=1.2)
    axes.plot([min(p95, limit)] * 2, [row - 0.18, row + 0.18], color=colour, linewidth=1.2)
    right = max(p50, min(p95, limit))
    at, inside = right, False
    if right > 0.8 * limit:  # no room beside it
        inside = start <= 0.2 * limit
        at = p50 if inside else start
    axes.annotate(
        f"{p50:,.0f} ({p95:,.0f})", (at, row), xytext=(4 if at == right else -4, 0), textcoords="offset points",
        ha="left" if at == right else "right", va="center", fontsize=8, color="white" if inside else "#222222",
        bbox={"boxstyle": "square,pad=0.1", "edgecolor": "none", "facecolor": "none" if inside else "white"},
    )  # fmt: skip


def _every(axes: Axes, turns: Turns, limit: float, *, named: bool) -> None:
    """Each turn as a thin row; the black mark is where it was declared over."""
    height = 1.0 if len(turns) > FEW else 0.85
    for row, (stages, heard) in enumerate(turns):
        for part in segments(stages, heard):
            axes.barh(
                row, part.end - part.start, left=part.start, height=height, color=COLOURS[part.stage], linewidth=0
            )
        if TURN_ENDED in stages:
            axes.plot(
                [stages[TURN_ENDED]] * 2, [row - height / 2, row + height / 2], color=COLOURS[TURN_ENDED], linewidth=1.4
            )
        if heard > limit:
            axes.text(limit, row, f"{heard:,.0f} ", fontsize=7, ha="right", va="center", color="white", weight="bold")
    axes.set_ylim(max(len(turns), FEW) - 0.5, -0.5)
    axes.set_yticks([])
    axes.set_ylabel("each turn, slowest last" if named else "")
    axes.set_xlabel("ms since the caller's last sound")
    axes.tick_params(labelbottom=True)
    _plain(axes, limit)


def _plain(axes: Axes, limit: float) -> None:
    axes.set_xlim(0, limit)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)


def _legend(figure: Figure, conditions: str) -> None:
    """Below all, with the conditions under which it was measured."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys = [Patch(color=COLOURS[stage], label=SAYS[stage]) for stage in CHAIN]
    mark = Line2D([], [], color=COLOURS[TURN_ENDED], linewidth=2, label=SAYS[TURN_ENDED])
    figure.legend(
        handles=[mark, *keys], loc="outside lower left", fontsize=8, ncols=4, frameon=False,
        title=conditions, title_fontsize=8, alignment="left",
    )  # fmt: skip
