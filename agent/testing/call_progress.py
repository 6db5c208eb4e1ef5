"""The tones of a telephone exchange: ringing, busy, congestion, of three countries. Pure.

Frequencies and cadences of ITU-T E.180 supplement 2: United States, United Kingdom, Germany.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.testing.noise import at_level
from agent.testing.softphone.rtp import RATE, Pcm


@dataclass(frozen=True, slots=True)
class ProgressTone:
    """Frequencies that sound together, and the seconds of sound and silence in turn, repeated."""

    name: str
    hz: tuple[float, ...]
    cadence_s: tuple[float, ...]


RINGBACK = (
    ProgressTone("ringback, US", (440, 480), (2, 4)),
    ProgressTone("ringback, UK", (400, 450), (0.4, 0.2, 0.4, 2)),
    ProgressTone("ringback, DE", (425,), (1, 4)),
)
BUSY = (
    ProgressTone("busy, US", (480, 620), (0.5, 0.5)),
    ProgressTone("busy, UK", (400,), (0.375, 0.375)),
    ProgressTone("busy, DE", (425,), (0.48, 0.48)),
    ProgressTone("congestion, US", (480, 620), (0.25, 0.25)),
)


def progress_tone(tone: ProgressTone, seconds: float, *, dbfs: float = -20.0) -> Pcm:
    """The tone for so long; `dbfs` is its level while it sounds."""
    time = np.arange(round(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * frequency * time) for frequency in tone.hz)
    sounding = at_level(np.round(wave / len(tone.hz) * 30000).astype(np.int16), dbfs)
    return np.where(_on(tone.cadence_s, time), sounding, 0).astype(np.int16)


def _on(cadence_s: Sequence[float], time: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    edges = np.cumsum(cadence_s)
    phase = np.searchsorted(edges, time % edges[-1], side="right")
    return np.asarray(phase % 2 == 0)
