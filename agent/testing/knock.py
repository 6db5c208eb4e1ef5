"""Short noises of a room and a line: a door that slams, clicks, typing. Synthetic, each one different. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agent.testing.noise import at_level
from agent.testing.softphone.rtp import RATE, Pcm


def door_slam(chance: np.random.Generator, *, dbfs: float = -20.0) -> Pcm:
    """A knock that sets a room ringing: broadband for 10 ms, then low resonances that fade within 0.2 to 0.5 s."""
    time = np.arange(round(chance.uniform(0.25, 0.6) * RATE)) / RATE
    decay_s = chance.uniform(0.05, 0.12)
    room = sum(
        chance.uniform(0.3, 1) * np.sin(2 * np.pi * chance.uniform(90, 700) * time + chance.uniform(0, 2 * np.pi))
        for _ in range(12)
    )
    knock = chance.standard_normal(len(time)) * np.exp(-time / 0.01) * 4
    echo = chance.standard_normal(len(time)) * np.exp(-time / decay_s) * 0.5
    return _finished(room * np.exp(-time / decay_s) + knock + echo, dbfs)


def line_clicks(chance: np.random.Generator, *, dbfs: float = -24.0) -> Pcm:
    """Two to six clicks of 1 to 4 ms within 0.6 s, as a bad plug makes them. `dbfs` is that of the loudest 10 ms."""
    wave = np.zeros(round(0.6 * RATE))
    for _ in range(int(chance.integers(2, 7))):
        start, length = int(chance.integers(0, len(wave) - 40)), int(chance.integers(8, 33))
        wave[start : start + length] += chance.uniform(0.5, 1) * chance.choice([-1, 1]) * np.exp(-np.arange(length) / 8)
    return _finished(wave, dbfs - 10 * float(np.log10(len(wave) / (RATE / 100))))


def typing(chance: np.random.Generator, *, dbfs: float = -34.0) -> Pcm:
    """Three to nine key strokes of a computer, 60 to 200 ms apart: noise of 15 ms above 1 kHz each."""
    strokes = []
    for _ in range(int(chance.integers(3, 10))):
        length = round(chance.uniform(0.06, 0.2) * RATE)
        noise = np.diff(chance.standard_normal(length + 1))
        strokes.append(noise * np.exp(-np.arange(length) / (0.008 * RATE)) * chance.uniform(0.4, 1))
    return _finished(np.concatenate(strokes), dbfs)


def _finished(wave: npt.NDArray[np.float64], dbfs: float) -> Pcm:
    return at_level(np.round(wave / float(np.abs(wave).max()) * 30000).astype(np.int16), dbfs)
