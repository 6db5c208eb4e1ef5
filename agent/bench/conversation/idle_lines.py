"""What comes from telephones at which nobody speaks: silence, noise and hum, music, the tones of an exchange."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np

from agent.asterisk.bundles import bundle
from agent.asterisk.recordings import hold_music
from agent.rehearsal.props import read_wav
from agent.testing.call_progress import BUSY, RINGBACK, progress_tone
from agent.testing.line import hum, line_noise
from agent.testing.measure import Pcm
from agent.testing.noise import speech_at_level
from agent.testing.softphone.rtp import RATE

STRETCH_S = 30.0
"""A kind of tone or noise lasts so long before the next one, by chance, takes over."""
NOISE_DBFS = (-60.0, -35.0)
HUM_DBFS = (-50.0, -30.0)
TONE_DBFS = (-26.0, -14.0)
MUSIC_DBFS = (-30.0, -18.0)
"""Levels by chance between both: faint to as loud as a caller and more."""


def silence(seconds: float, _chance: random.Random) -> Pcm:
    """Nothing, to the last bit, as from a telephone on mute."""
    return np.zeros(round(seconds * RATE), np.int16)


def noise_and_hum(seconds: float, chance: random.Random) -> Pcm:
    """Line noise at changing levels, every other time with hum of 50 or 60 Hz."""

    def stretch(number: int, length_s: float) -> Pcm:
        noise = line_noise(length_s, seed=chance.randrange(1 << 32), dbfs=chance.uniform(*NOISE_DBFS))
        if number % 2 == 0:
            return noise
        low = hum(length_s, mains_hz=chance.choice([50, 60]), dbfs=chance.uniform(*HUM_DBFS))
        return np.asarray(np.clip(noise.astype(np.int32) + low, -32768, 32767), np.int16)

    return _in_stretches(seconds, stretch)


def exchange_tones(seconds: float, chance: random.Random) -> Pcm:
    """Ringing and busy tones of several countries in turn."""

    def stretch(number: int, length_s: float) -> Pcm:
        tones = RINGBACK if number % 2 == 0 else BUSY
        return progress_tone(chance.choice(tones), length_s, dbfs=chance.uniform(*TONE_DBFS))

    return _in_stretches(seconds, stretch)


def music(seconds: float, chance: random.Random) -> Pcm:
    """Recorded hold music, pieces in an order by chance, each from a place by chance. Blocks while it is fetched."""
    pieces = hold_music(bundle("music"))
    order = chance.sample(pieces, len(pieces))

    def stretch(number: int, length_s: float) -> Pcm:
        return _excerpt(order[number % len(order)], length_s, chance)

    return _in_stretches(seconds, stretch, stretch_s=seconds / len(order))


def _excerpt(path: Path, length_s: float, chance: random.Random) -> Pcm:
    whole = speech_at_level(read_wav(path), chance.uniform(*MUSIC_DBFS))
    length = round(length_s * RATE)
    start = chance.randrange(max(1, len(whole) - length))
    return np.resize(whole[start:], length)


def _in_stretches(seconds: float, stretch: Callable[[int, float], Pcm], *, stretch_s: float = STRETCH_S) -> Pcm:
    """Sound of so many seconds: stretch 0, 1, 2 … each of the length that it is asked for."""
    parts, left_s = list[Pcm](), seconds
    while left_s > 0:
        parts.append(stretch(len(parts), min(stretch_s, left_s)))
        left_s -= stretch_s
    return np.concatenate(parts)[: round(seconds * RATE)]


KINDS = {"silence": silence, "noise and hum": noise_and_hum, "hold music": music, "exchange tones": exchange_tones}
"""By name: seconds and chance to sound."""
