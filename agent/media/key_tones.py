"""Mutes the sound of telephone keys, which voice detection may take for speech.

Telephones that send keys as events often let the first milliseconds of the tone pass as sound, some send both, and a
caller's other telephone may be heard beeping. Silero takes some of these tones for speech (a key at -30 dBFS in quiet
noise: 13 of 32 reached 0.5, for up to 0.3 s a press).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from agent.media.pcm import samples
from agent.media.schedule import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE

ROWS_HZ: Final = (697, 770, 852, 941)
COLUMNS_HZ: Final = (1209, 1336, 1477, 1633)
"""ITU-T Q.23."""
LEAST_SHARE: Final = 0.5
"""Share of the frame's energy in one row and one column. Of 76,000 frames of recorded people 10 reach it; of the
frames of a tone all do but the one in which it begins or ends."""
MOST_TWIST_DB: Final = 10.0
"""Difference of the two tones' levels. ITU-T Q.24 demands 4 to 8 dB of receivers; lines may add to it."""
LEAST_RMS: Final = 130.0
"""-48 dBFS: quieter tones are no speech to the detector either."""

_SILENCE: Final = bytes(FRAME_BYTES)
_FREQUENCIES: Final = np.array([*ROWS_HZ, *COLUMNS_HZ])
_BASIS: Final = np.exp(-2j * np.pi * np.outer(_FREQUENCIES, np.arange(FRAME_SAMPLES)) / SAMPLE_RATE)
"""(8, 160): the DFT of a frame at the eight frequencies, which is what Goertzel's algorithm computes for each."""


def without_key_tone(frame: bytes) -> bytes:
    """The frame of 20 ms (320 bytes), or silence in its place where a telephone key sounds in it. Takes 20 µs."""
    return _SILENCE if is_key_tone(frame) else frame


def is_key_tone(frame: bytes) -> bool:
    """Whether two tones of a telephone key make most of the frame: 320 bytes, 8 kHz signed 16-bit."""
    values = samples(frame).astype(np.float64)
    energy = float(values @ values)
    if energy < LEAST_RMS**2 * FRAME_SAMPLES:
        return False
    power = np.abs(_BASIS @ values) ** 2 * (2 / FRAME_SAMPLES)  # of a sine at one frequency: its whole energy
    row, column = float(power[:4].max()), float(power[4:].max())
    twist = 10 ** (MOST_TWIST_DB / 10)
    return row + column >= LEAST_SHARE * energy and row <= column * twist and column <= row * twist
