"""Sounds whose beginnings, ends and levels are known."""

from __future__ import annotations

import numpy as np

from agent.testing.measure import Pcm

RATE = 8000


def white(samples: int, dbfs: float, seed: int = 0) -> Pcm:
    """White noise of an RMS level."""
    noise = np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), samples)
    return np.clip(np.round(noise), -32768, 32767).astype(np.int16)


def silence(samples: int) -> Pcm:
    return np.zeros(samples, np.int16)


def voice(samples: int, dbfs: float = -20, seed: int = 1) -> Pcm:
    """Like a vowel: harmonics of 150 Hz with a syllable's swell, loud from its first sample to its last."""
    time = np.arange(samples) / RATE
    rng = np.random.default_rng(seed)
    harmonics = [np.sin(2 * np.pi * 150 * k * time + rng.uniform(0, 6)) / k for k in range(1, 12)]
    wave = np.sum(harmonics, axis=0) * (1 + 0.5 * np.sin(2 * np.pi * 4 * time))
    scaled = wave / np.sqrt(np.mean(wave**2)) * 32768 * 10 ** (dbfs / 20)
    whole: Pcm = np.clip(np.round(scaled), -32768, 32767).astype(np.int16)
    return whole


def track(length: int, *pieces: tuple[int, Pcm]) -> Pcm:
    """Silence with sounds at positions."""
    whole = np.zeros(length, np.int32)
    for at, pcm in pieces:
        whole[at : at + len(pcm)] += pcm
    return np.clip(whole, -32768, 32767).astype(np.int16)
