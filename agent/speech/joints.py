"""Pieces of speech made apart, fit to be played in a row: no click, one loudness, the pause that belongs there.

Piper scales each piece to full peak and leaves 0-80 ms of silence before it and 100-360 ms after it; so the loudness of
pieces differs by 6 dB, and the pause at a joint is luck. Everything here is 8 kHz signed 16-bit little-endian mono.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agent.speech.resampling import TELEPHONE_HZ

Values = NDArray[np.float32]

SPEECH_LEVEL_DBFS = -20.0
"""Level of the speech itself, pauses left out, against a full-scale square wave."""
PEAK = 0.89
"""Largest sample after the limiter, of 1.0: -1 dBFS, so that a later change of rate or codec does not clip."""
MOST_GAIN_DB = 24.0  # more would lift the noise of a piece that is hardly speech
MARGIN_DB = 15.9
"""How far below the level of speech a frame still counts as speech: the margin of ITU-T P.56."""
QUIET_DB = 40.0
"""What is so far below the level of speech is silence. The softest onsets of Piper's "f" and "h" reach -35 dB."""
FRAME = TELEPHONE_HZ // 200
"""Samples in which a level is taken: 5 ms, and a fade is as long."""
LEADING_MS = 15
"""Silence before the first sound: the fade and the softest part of an onset lie in it."""

SENTENCE_PAUSE_MS = 300
CLAUSE_PAUSE_MS = 180
PHRASE_PAUSE_MS = 50
"""Pauses after ".", after "," and where no mark stands, there no more than the closure of a "b" or "p". Piper itself
leaves 150-440 ms between sentences and 200-440 ms at a comma. Whisper understands joints of 20, 80 and 150 ms alike."""


def pause_ms(text: str) -> int:
    """The silence that belongs after `text` when more follows it."""
    core = text.rstrip().rstrip("\"'”’»)]*_")
    if core.endswith((".", "!", "?", "…", "。", "！", "？")):
        return SENTENCE_PAUSE_MS
    return CLAUSE_PAUSE_MS if core.endswith((",", ";", ":", "–", "—")) else PHRASE_PAUSE_MS


def polish(pcm: bytes, *, leading_ms: int = LEADING_MS, trailing_ms: int = SENTENCE_PAUSE_MS) -> bytes:
    """One synthesised piece with `leading_ms` of silence before its sound and `trailing_ms` after it.

    It fades in and out within 5 ms; its speech has SPEECH_LEVEL_DBFS, and no sample passes PEAK. A piece without sound
    comes back as it is. An odd last byte is dropped. Takes 0.1-0.2 ms per second of sound.
    """
    even = pcm[: len(pcm) - len(pcm) % 2]
    values: Values = np.frombuffer(even, dtype="<i2").astype(np.float32) / np.float32(32768)
    levels = frame_levels_db(values)
    level = speech_level_db(levels)
    if level is None:
        return even
    loud = np.flatnonzero(levels > level - QUIET_DB)
    start = int(loud[0]) * FRAME - leading_ms * TELEPHONE_HZ // 1000
    end = int(loud[-1] + 1) * FRAME + trailing_ms * TELEPHONE_HZ // 1000
    sound: Values = values[max(start, 0) : end] * np.float32(10 ** (min(SPEECH_LEVEL_DBFS - level, MOST_GAIN_DB) / 20))
    _limit(sound)
    fade = np.linspace(0, 1, min(FRAME, sound.size), dtype=np.float32)
    sound[: fade.size] *= fade
    sound[sound.size - fade.size :] *= fade[::-1]
    missing = (max(-start, 0), max(end - values.size, 0))
    return np.pad(np.round(sound * 32767).astype("<i2"), missing).tobytes()


def frame_levels_db(values: Values) -> NDArray[np.float64]:
    """RMS level in dBFS of each whole frame of 5 ms; digital silence is -120. `values` (n,) in -1..1."""
    frames = values[: values.size - values.size % FRAME].reshape(-1, FRAME)
    power = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / FRAME
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12))
    return levels


def speech_level_db(levels: NDArray[np.float64]) -> float | None:
    """Mean level of the frames that are speech, or None where there is no sound above -70 dBFS.

    After ITU-T P.56: the mean power of the frames no more than MARGIN_DB below that same mean, found by iteration.
    """
    active = levels[levels > -70.0]
    if not active.size:
        return None
    level = 0.0
    for _ in range(8):  # settles in three or four
        level = float(10 * np.log10(np.mean(10 ** (active / 10))))
        kept = active[active > level - MARGIN_DB]
        if kept.size == active.size:
            break
        active = kept
    return level


def _limit(sound: Values) -> None:
    """Turn the sound down, in place, around whatever would pass PEAK.

    The gain of a frame is the least that it and its neighbours need, and changes between the middles of the frames in a
    straight line: so no sample passes, and nothing jumps.
    """
    if float(np.max(np.abs(sound))) <= PEAK:
        return
    frames = -(-sound.size // FRAME)
    peaks = np.abs(np.pad(sound, (0, frames * FRAME - sound.size))).reshape(frames, FRAME).max(axis=1)
    needed = np.pad(np.minimum(1.0, PEAK / np.maximum(peaks, 1e-6)), 1, mode="edge")
    gains = np.minimum(np.minimum(needed[:-2], needed[1:-1]), needed[2:])
    middles = np.arange(frames) * FRAME + (FRAME - 1) / 2
    sound *= np.interp(np.arange(sound.size), middles, gains)
