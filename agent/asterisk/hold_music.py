"""Makes the hold music that ships with the configuration: `python -m agent.asterisk.hold_music`.

A slow sequence of soft chords, made by this program so that nobody's rights are in it. µ-law at 8 kHz, as a telephone
hears it: Asterisk plays it without any work.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8000
CHORD_S: Final = 2.0
CHORDS: Final = (
    (261.63, 329.63, 392.00), (220.00, 261.63, 329.63), (174.61, 220.00, 349.23), (196.00, 246.94, 392.00),
    (261.63, 329.63, 523.25), (220.00, 329.63, 440.00), (174.61, 261.63, 440.00), (196.00, 293.66, 493.88),
)  # fmt: skip
"""C, A minor, F, G, and once more higher; 16 s that begin again without a seam."""
LEVEL: Final = 0.12
"""Of full scale: about 20 dB below the loudest, quieter than speech."""
PATH: Final = Path(__file__).resolve().parents[2] / "asterisk-config/music/hold.ulaw"


def hold_music() -> bytes:
    """16 s of µ-law, 8 kHz."""
    sound = np.concatenate([_chord(chord) for chord in CHORDS])
    return _mu_law(np.round(sound / np.max(np.abs(sound)) * LEVEL * 32767).astype(np.int64))


def _chord(notes: tuple[float, ...]) -> NDArray[np.float64]:
    """Its notes one after the other, each ringing on and dying away."""
    count = int(RATE * CHORD_S)
    sound = np.zeros(count)
    for number in range(8):
        start = number * count // 8
        time = np.arange(count - start) / RATE
        note = notes[(0, 1, 2, 1)[number % 4]]
        ring = np.sin(2 * np.pi * note * time) + 0.3 * np.sin(4 * np.pi * note * time)
        sound[start:] += ring * np.minimum(1, time / 0.01) * np.exp(-3.5 * time)
    return sound * np.minimum(1, np.arange(count)[::-1] / (0.05 * RATE))


def _mu_law(samples: NDArray[np.int64]) -> bytes:
    """ITU-T G.711."""
    sign = np.where(samples < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int64) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return bytes((~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8))


if __name__ == "__main__":
    PATH.write_bytes(hold_music())
