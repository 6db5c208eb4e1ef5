"""Finds the sound of telephone keys, which voice detection may take for speech.

Most callers' keys come as events without a sound, or Asterisk takes the sound away (decision 080). But some telephones
send both, and what is near the caller may beep. Silero is rarely deceived by tones as loud as speech, but often by
quiet ones in noise (16 keys of -30 dBFS pressed four times each: 2.3 s of "speech").

The sound itself is left as it is: Silero takes noise that goes on and off around muted frames for speech even more.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from agent.media.pcm import samples
from agent.media.schedule import FRAME_SAMPLES, SAMPLE_RATE

ROWS_HZ: Final = (697, 770, 852, 941)
COLUMNS_HZ: Final = (1209, 1336, 1477, 1633)
"""ITU-T Q.23."""
LEAST_SHARE: Final = 0.5
"""Share of the frame's energy in one row and one column. Of 76,106 frames of recorded people 10 reach it, and no two in
a row; of the frames of a tone all do but those in which it begins or ends."""
FRAMES_IN_A_ROW: Final = 2
"""40 ms, the shortest key that ITU-T Q.24 lets receivers accept."""
HOLD_FRAMES: Final = 15
"""300 ms: Silero's doubt outlasts the tone, and the next key follows."""
MOST_TWIST_DB: Final = 10.0
"""Difference of the two tones' levels. ITU-T Q.24 demands 4 to 8 dB of receivers; lines may add to it."""
LEAST_RMS: Final = 130.0
"""-48 dBFS: quieter tones are no speech to the detector either."""

_FREQUENCIES: Final = np.array([*ROWS_HZ, *COLUMNS_HZ])
_BASIS: Final = np.exp(-2j * np.pi * np.outer(_FREQUENCIES, np.arange(FRAME_SAMPLES)) / SAMPLE_RATE)
"""(8, 160): the DFT of a frame at the eight frequencies, which is what Goertzel's algorithm computes for each."""


def is_key_tone(frame: bytes) -> bool:
    """Whether two tones of a telephone key make most of the frame: 320 bytes, 8 kHz signed 16-bit. Takes 20 µs."""
    values = samples(frame).astype(np.float64)
    energy = float(values @ values)
    if energy < LEAST_RMS**2 * FRAME_SAMPLES:
        return False
    power = np.abs(_BASIS @ values) ** 2 * (2 / FRAME_SAMPLES)  # of a sine at one frequency: its whole energy
    row, column = float(power[:4].max()), float(power[4:].max())
    twist = 10 ** (MOST_TWIST_DB / 10)
    return row + column >= LEAST_SHARE * energy and row <= column * twist and column <= row * twist


class KeyToneGuard:
    """Says of one call's sound when it is no time to believe in speech."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._hold = 0

    def feed(self, frame: bytes) -> bool:
        """Take the next 20 ms (320 bytes); whether a key sounds in it, or has until just now."""
        self._in_a_row = self._in_a_row + 1 if is_key_tone(frame) else 0
        self._hold = HOLD_FRAMES if self._in_a_row >= FRAMES_IN_A_ROW else max(0, self._hold - 1)
        return self._hold > 0
