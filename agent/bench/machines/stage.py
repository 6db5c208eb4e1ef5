"""How a greeting sounds at our end of the line: when it begins, what is behind it, the beep after it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from agent.domain.answered_by import AnsweredBy
from agent.media.pcm import ulaw_decode, ulaw_encode
from agent.testing.measure import Pcm
from agent.testing.noise import at_level, background
from agent.testing.softphone.rtp import RATE
from agent.testing.tone import tone

EARLIEST_S, LATEST_S = 0.2, 1.3
"""From the answer to the first word: people lift the receiver, machines are often faster."""
BEEP_AFTER_S: Final = (0.2, 1.5)
BEEPS: Final = ((1000, 0.4), (1400, 0.3), (800, 0.6), (1000, 0.25), (440, 0.5), (620, 0.8))
REST_S: Final = 9.0
"""What follows is silence: somebody waits for us, or records."""
BACKGROUND_SNR_DB: Final = 18.0
LINE_DBFS: Final = -62.0
BEEPING: Final = frozenset({AnsweredBy.VOICEMAIL})
SPREAD: Final = 0.08


@dataclass(frozen=True, slots=True)
class Staged:
    """What comes through the line from the answer on."""

    pcm: Pcm
    """8 kHz, through µ-law."""
    first_word_ms: int
    said_ms: int
    """When the last word was said."""
    behind: str
    """Name of the background; empty for a quiet line."""


def stage(said: Pcm, by: AnsweredBy, chance: random.Random, backgrounds: Mapping[str, Pcm]) -> Staged:
    """Put a greeting on the line. Every third has one of the backgrounds behind it."""
    before = np.zeros(round(chance.uniform(EARLIEST_S, LATEST_S) * RATE), np.int16)
    parts = [before, said]
    if by in BEEPING:
        hz, seconds = chance.choice(BEEPS)
        parts += [np.zeros(round(chance.uniform(*BEEP_AFTER_S) * RATE), np.int16), tone(hz, seconds, amplitude=0.15)]
    parts.append(np.zeros(round(REST_S * RATE), np.int16))
    whole = np.concatenate(parts).astype(np.int32)
    behind = chance.choice(sorted(backgrounds)) if chance.random() < 1 / 3 else ""
    if behind:
        start = chance.randrange(len(backgrounds[behind]))
        whole += np.resize(np.roll(background(backgrounds[behind], snr_db=BACKGROUND_SNR_DB), -start), len(whole))
    noise = np.random.default_rng(chance.randrange(1 << 32)).normal(0, 1000, len(whole))
    whole += at_level(noise.astype(np.int16), LINE_DBFS)
    pcm = np.clip(whole, -32768, 32767).astype("<i2")
    return Staged(
        np.frombuffer(ulaw_decode(ulaw_encode(pcm.tobytes())), "<i2"),
        round(1000 * len(before) / RATE),
        round(1000 * (len(before) + len(said)) / RATE),
        behind,
    )
