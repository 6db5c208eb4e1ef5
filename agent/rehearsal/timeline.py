"""A call as a picture: both sides' sound over time, what was said, and where the agent fell silent and went on."""

from __future__ import annotations

import importlib.util
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agent.errors import ConfigurationError
from agent.media.schedule import SAMPLE_RATE
from agent.rehearsal.rehearsal import Rehearsed
from agent.rehearsal.turn_results import TurnResult
from agent.testing.measure import Pcm, read_tracks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CALLER, AGENT, YIELDED = "#0072B2", "#D55E00", "#999999"
INCHES_PER_S, HEIGHT_INCHES = 0.55, 4.2
LONGEST_INCHES = 60.0
DRAWN_HZ = 100
"""Points of the outline in a second: finer cannot be seen."""
LABEL_S = 0.8
"""So much of the axis a label takes: two in it would lie over each other."""
WORDS_PER_S = 14
"""Characters that have room over a second of sound."""


def check() -> None:
    """Raises ConfigurationError where no picture can be drawn."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigurationError("--timeline needs matplotlib; install it (pip install phone-agent[bench]).")


def draw(rehearsed: Rehearsed, path: Path) -> None:
    """Write the picture to `path` (.svg or .png). Computes for a second: not on an event loop. Raises OSError."""
    from matplotlib.figure import Figure  # heavy, and an extra

    sent, received = read_tracks(rehearsed.recording)
    seconds = len(received) / SAMPLE_RATE
    figure = Figure(figsize=(min(max(8.0, seconds * INCHES_PER_S), LONGEST_INCHES), HEIGHT_INCHES))
    axes = figure.subplots()
    for track, middle, colour in ((sent, 1.0, CALLER), (received, -1.0, AGENT)):
        low, high = _outline(track)
        at = np.arange(len(low)) / DRAWN_HZ
        axes.fill_between(at, middle + low, middle + high, color=colour, linewidth=0.3)
    _words(axes, rehearsed.judgement.turns)
    labelled_s = -LABEL_S
    for start, end in pauses(rehearsed):
        axes.axvspan(start, end, ymin=0.08, ymax=0.42, color=YIELDED, alpha=0.35, linewidth=0)
        if start - labelled_s >= LABEL_S:
            axes.annotate("yields", (start, -0.28), fontsize=7, color="#444444", ha="left")
            labelled_s = start
    axes.set(xlim=(0, seconds), ylim=(-2.6, 2.6), yticks=[1, -1], yticklabels=["caller", "agent"])
    axes.set_xlabel("seconds of the recording at the caller's telephone")
    axes.set_title(rehearsed.scenario.name, loc="left", fontsize=10)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def pauses(rehearsed: Rehearsed) -> list[tuple[float, float]]:
    """Where the agent had yielded: from its falling silent until it went on or its turn was over; seconds."""
    performance = rehearsed.performance
    spans, since = [], None
    for event in performance.events:
        at = _position(event, performance.zero)
        if event["type"] == "agent.speech_paused":
            since = at
        elif since is not None and _resolves(event):
            spans.append((since, at))
            since = None
    return spans


def _resolves(event: Mapping[str, Any]) -> bool:
    is_own_turn: bool = event["type"] == "turn.ended" and event["turn"]["speaker"] == "agent"
    return is_own_turn or event["type"] == "agent.speech_resumed"


def _position(event: Mapping[str, Any], zero: datetime) -> float:
    return (datetime.fromisoformat(event["at"]) - zero).total_seconds()


def _words(axes: Axes, turns: Sequence[TurnResult]) -> None:
    for start, end, text, above in _labels(turns):
        width = max(16, round((end - start) * WORDS_PER_S))
        lines = textwrap.fill(text, width)
        colour = CALLER if above else AGENT
        axes.text(start, 2.0 if above else -2.0, lines, fontsize=7.5, color=colour, va="bottom" if above else "top")


def _labels(turns: Sequence[TurnResult]) -> Iterator[tuple[float, float, str, bool]]:
    for turn in turns:
        for line in turn.caller:
            yield line.said.span.start, line.said.span.end, line.said.text or f"({line.said.kind})", True
        if turn.agent_span is not None:
            waited = "" if turn.latency_ms is None or not turn.turn else f"[{turn.latency_ms:.0f} ms] "
            cut = " … (interrupted)" if turn.interrupted else ""
            yield turn.agent_span.start, turn.agent_span.end, f"{waited}{turn.agent_text or ''}{cut}", False


def _outline(track: Pcm) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Lowest and highest sample of each 1/DRAWN_HZ s, scaled so that the loudest is 0.85."""
    step = SAMPLE_RATE // DRAWN_HZ
    blocks = track[: len(track) - len(track) % step].reshape(-1, step).astype(float)
    loudest = max(1.0, float(np.abs(blocks).max(initial=1.0)))
    return blocks.min(axis=1) / loudest * 0.85, blocks.max(axis=1) / loudest * 0.85
