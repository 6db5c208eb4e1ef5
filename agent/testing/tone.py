"""A steady tone: made, and found again in what came back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agent.testing.softphone.rtp import RATE, Pcm


@dataclass(frozen=True, slots=True)
class Heard:
    """The strongest tone in a stretch of sound."""

    frequency_hz: float
    level_dbfs: float
    """Of the tone alone, root mean square relative to full scale; -inf for digital silence."""
    purity: float
    """Power of the tone over that of the whole stretch, 0 to 1."""


def tone(frequency_hz: float, seconds: float, *, amplitude: float = 0.25) -> Pcm:
    """A sine at 8 kHz; `amplitude` is its peak relative to full scale. Begins at zero."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.round(32767 * amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)


def heard(pcm: Pcm) -> Heard:
    """What is strongest in at least a tenth of a second of sound. Raises ValueError for less.

    The spectrum under a Hann window; the main lobe of a steady tone has five bins, the frequency is their centre of
    power.
    """
    if len(pcm) < RATE // 10:
        raise ValueError("too short to tell a frequency")
    window = np.hanning(len(pcm))
    power = np.abs(np.fft.rfft(pcm * window)) ** 2
    total = float(np.sum(power))
    if not total:
        return Heard(0.0, -np.inf, 0.0)
    peak = int(np.argmax(power))
    bins = np.arange(max(peak - 2, 0), min(peak + 3, len(power)))
    lobe = float(np.sum(power[bins]))
    mean_square = 2 * lobe / (len(pcm) * float(np.sum(window**2)))  # Parseval, both halves of the spectrum
    return Heard(
        frequency_hz=float(np.sum(bins * power[bins])) / lobe * RATE / len(pcm),
        level_dbfs=10 * float(np.log10(mean_square / 32768**2)),
        purity=lobe / total,
    )
