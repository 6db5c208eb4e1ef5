"""Arithmetic on sound: levels, µ-law, resampling, where energy begins and ends.

Sound is signed 16-bit little-endian mono throughout; levels are in dBFS, where 0 is the amplitude 32768, so a
full-scale sine has a peak of 0 and an RMS of -3.01.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from agent.media.schedule import SAMPLE_RATE

Samples = npt.NDArray[np.int16]
Levels = npt.NDArray[np.float64]

FULL_SCALE: Final = 32768
FLOOR_DBFS: Final = -100.0  # stands for digital silence, whose level is minus infinity; 16 bits end at -90.3
LEVEL_WINDOW_MS: Final = 10  # two periods of the lowest speech energy that a telephone carries (about 200 Hz)

_ULAW_BIAS: Final = 132  # 33 on the 14-bit scale of G.711, x 4 for 16 bits
_ULAW_CLIP: Final = 32635


def samples(pcm: bytes) -> Samples:
    """The bytes as an array (n,), without copying. Raises ValueError for half a sample."""
    return np.frombuffer(pcm, dtype="<i2")


def rms_dbfs(pcm: bytes) -> float:
    """Root mean square level; FLOOR_DBFS for silence or nothing."""
    values = samples(pcm).astype(np.float64)
    return _dbfs(math.sqrt(float(np.mean(values**2)))) if values.size else FLOOR_DBFS


def peak_dbfs(pcm: bytes) -> float:
    """Level of the largest sample; FLOOR_DBFS for silence or nothing."""
    values = samples(pcm).astype(np.int32)
    return _dbfs(float(np.max(np.abs(values)))) if values.size else FLOOR_DBFS


def level_profile_dbfs(pcm: bytes, *, rate: int = SAMPLE_RATE, window_ms: int = LEVEL_WINDOW_MS) -> Levels:
    """RMS level of each whole window (n // window,), float64, not below FLOOR_DBFS."""
    window = rate * window_ms // 1000
    values = samples(pcm)
    whole = values[: values.size - values.size % window].astype(np.float64).reshape(-1, window)
    rms: Levels = np.sqrt(np.mean(whole**2, axis=1)) / FULL_SCALE
    levels: Levels = 20 * np.log10(np.maximum(rms, 10 ** (FLOOR_DBFS / 20)))
    return levels


def sound_spans(
    pcm: bytes,
    *,
    threshold_dbfs: float = -45.0,
    join_ms: int = 200,
    shortest_ms: int = 20,
    rate: int = SAMPLE_RATE,
) -> list[tuple[int, int]]:
    """Where there is sound: (first sample, sample after the last) to the width of a level window, in order.

    A window counts whose RMS reaches `threshold_dbfs`. Gaps up to `join_ms` belong to the sound around them, and
    what is then shorter than `shortest_ms` is a click, not a sound.
    """
    window = rate * LEVEL_WINDOW_MS // 1000
    loud = np.concatenate(([False], level_profile_dbfs(pcm, rate=rate) >= threshold_dbfs, [False]))
    edges = np.flatnonzero(loud[1:] != loud[:-1]) * window
    spans: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if spans and start - spans[-1][1] <= rate * join_ms // 1000:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [(start, end) for start, end in spans if end - start >= rate * shortest_ms // 1000]


def resample(pcm: bytes, from_rate: int, to_rate: int) -> bytes:
    """A whole utterance at another rate.

    Not for chunks of a stream: each call filters on its own, so joins would click.
    """
    if from_rate == to_rate or not pcm:
        return pcm
    converted = soxr.resample(samples(pcm), from_rate, to_rate, quality="HQ")
    return bytes(converted.astype("<i2").tobytes())


def ulaw_encode(pcm: bytes) -> bytes:
    """G.711 µ-law, one byte per sample."""
    return bytes(_ULAW_ENCODE[samples(pcm).view(np.uint16)].tobytes())


def ulaw_decode(encoded: bytes) -> bytes:
    """16-bit samples of G.711 µ-law bytes."""
    return bytes(_ULAW_DECODE[np.frombuffer(encoded, dtype=np.uint8)].tobytes())


def _dbfs(amplitude: float) -> float:
    return max(20 * math.log10(amplitude / FULL_SCALE), FLOOR_DBFS) if amplitude else FLOOR_DBFS


def _decode_table() -> Samples:
    """The decoder output values of ITU-T G.711 (11/88), tables 2a and 2b, scaled from 14 to 16 bits."""
    code = ~np.arange(256, dtype=np.uint8)
    segment = (code >> 4 & 7).astype(np.int32)
    magnitude = (((code & 15).astype(np.int32) << 3) + _ULAW_BIAS << segment) - _ULAW_BIAS
    return np.where(code & 128, -magnitude, magnitude).astype("<i2")


def _encode_table() -> npt.NDArray[np.uint8]:
    """For each 16-bit pattern the code whose decision interval of G.711, tables 2a and 2b, holds it."""
    value = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(value), _ULAW_CLIP) + _ULAW_BIAS
    segment = np.floor(np.log2(biased)).astype(np.int32) - 7
    code = segment << 4 | (biased >> (segment + 3) & 15)
    table: npt.NDArray[np.uint8] = ~np.where(value < 0, code | 128, code).astype(np.uint8)
    return table


_ULAW_DECODE: Final = _decode_table()
_ULAW_ENCODE: Final = _encode_table()
