"""What a telephone line adds when nobody speaks: noise and the hum of the mains. Pure."""

from __future__ import annotations

import numpy as np

from agent.testing.noise import at_level
from agent.testing.softphone.rtp import RATE, Pcm

QUIET_LINE_DBFS = -60.0
"""Noise of a good analogue line. ITU-T G.712 allows a channel -65 dBm0p of its own; telephones and rooms add to it."""
LOW_HZ, HIGH_HZ = 300, 3400


def line_noise(seconds: float, *, seed: int, dbfs: float = QUIET_LINE_DBFS) -> Pcm:
    """Noise in the band of a telephone, equally strong at all its frequencies; it loops without a joint."""
    length = round(seconds * RATE)
    chance = np.random.default_rng(seed)
    spectrum = np.fft.rfft(chance.standard_normal(length))
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    spectrum[(frequency < LOW_HZ) | (frequency > HIGH_HZ)] = 0
    wave = np.fft.irfft(spectrum, length)
    return at_level(np.round(wave / np.abs(wave).max() * 30000).astype(np.int16), dbfs)


def hum(seconds: float, *, mains_hz: float = 50, dbfs: float = -40.0) -> Pcm:
    """Mains hum as a bad cable brings it: all harmonics to 1 kHz, weaker by 1/n; whole seconds loop without a joint."""
    time = np.arange(round(seconds * RATE)) / RATE
    harmonics = range(1, round(1000 / mains_hz) + 1)
    wave = sum(np.sin(2 * np.pi * mains_hz * n * time + n * n) / n for n in harmonics)
    return at_level(np.round(wave / np.abs(wave).max() * 30000).astype(np.int16), dbfs)
