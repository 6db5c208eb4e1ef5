"""Voices in the background, made of single ones: one that goes on and on, or several at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.media.pcm import resample
from agent.testing.noise import speech_at_level
from agent.testing.softphone.rtp import RATE, Pcm

TALKERS = 6
"""From about so many on, single words can no longer be followed (Miller, "The masking of speech", 1947)."""
SPREAD = 0.12
"""Voices are played slower or faster by up to so much, pitch and mouth with it: as if others spoke."""


def talk(clips: Sequence[Pcm], seconds: float, *, seed: int) -> Pcm:
    """One voice after the other without a pause between the clips, in an order drawn by `seed`, at one level."""
    chance = np.random.default_rng(seed)
    parts: list[Pcm] = []
    length = 0
    while length < round(seconds * RATE):
        for index in chance.permutation(len(clips)):
            parts.append(speech_at_level(clips[index]))
            length += len(parts[-1])
    return np.concatenate(parts)[: round(seconds * RATE)]


def babble(clips: Sequence[Pcm], seconds: float, *, seed: int, talkers: int = TALKERS) -> Pcm:
    """So many voices at once, each a different one made of all the clips."""
    chance = np.random.default_rng(seed)
    total = np.zeros(round(seconds * RATE))
    for number in range(talkers):
        factor = 1 + chance.uniform(-SPREAD, SPREAD)
        voice = talk(clips, seconds * (1 + SPREAD), seed=seed * 1000 + number)
        other = np.frombuffer(resample(voice.tobytes(), round(RATE * factor), RATE), "<i2")
        total += np.roll(np.resize(other, len(total)), chance.integers(len(total)))
    return np.round(total / max(1.0, float(np.abs(total).max()) / 32767)).astype(np.int16)
