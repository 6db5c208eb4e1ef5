"""Whisper's encoder at a fraction of its cost: it computes the utterance, and remembers the silence that follows.

Whisper was trained on windows of 30 s. Its encoder pays for every second of them, and its decoder wants to see silence
after the speech: with a window just long enough for the utterance it says everything twice. But that silence looks the
same after any speech, so it is encoded once, when the model is loaded, and joined to what is computed for each
utterance. See docs/decisions/087.
"""

from __future__ import annotations

import math

import numpy as np
from ctranslate2 import StorageView
from faster_whisper import WhisperModel
from numpy.typing import NDArray

SAMPLE_HZ = 16_000
POSITIONS_PER_S = 50
"""Whisper's encoder gives one vector for 20 ms."""
FULL_WINDOW_S = 30.0
Samples = NDArray[np.float32]

_BUZZ_S = 1.5
"""Shorter than any window, so that the remembered silence begins early enough for all of them."""
_BUZZ_LEVEL = 0.3


class Encoder:
    """The encoder of one loaded model. One thread at a time."""

    def __init__(self, whisper: WhisperModel) -> None:
        """Encodes one full window, which takes about a second for the base model."""
        self._whisper = whisper
        self._silence = np.array(self._compute(syllables(_BUZZ_S), FULL_WINDOW_S))

    def encode(self, samples: Samples, *, computed_s: float, window_s: float) -> StorageView:
        """A window of `window_s`, at most 30 s: the utterance with silence after it to `computed_s`, then from memory.

        Samples beyond `computed_s` are lost. Where `computed_s` is the whole window, nothing comes from memory.
        """
        computed = self._compute(samples, computed_s)
        if computed_s >= window_s:
            return computed
        vectors = np.array(computed)
        remembered = self._silence[:, vectors.shape[1] : round(window_s * POSITIONS_PER_S)]
        return StorageView.from_array(np.concatenate([vectors, remembered], axis=1))

    def _compute(self, samples: Samples, window_s: float) -> StorageView:
        positions = math.ceil(window_s * POSITIONS_PER_S)
        padded = np.zeros(positions * SAMPLE_HZ // POSITIONS_PER_S, dtype=np.float32)
        padded[: samples.size] = samples[: padded.size]
        encoded: StorageView = self._whisper.encode(self._whisper.feature_extractor(padded, padding=0))
        return encoded


def syllables(seconds: float) -> Samples:
    """A buzz that opens and closes twice a second through two formants: speech to an encoder, and no words."""
    time = np.arange(round(seconds * SAMPLE_HZ)) / SAMPLE_HZ
    pitch_hz = 110 + 20 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_HZ
    first_hz = 500 + 200 * np.sin(2 * np.pi * 1.9 * time)
    second_hz = 1500 + 500 * np.sin(2 * np.pi * 1.3 * time)
    sound = np.zeros_like(time)
    for harmonic in range(1, 30):
        hz = harmonic * pitch_hz
        resonance = 1 / (1 + ((hz - first_hz) / 90) ** 2) + 0.6 / (1 + ((hz - second_hz) / 120) ** 2)
        sound += (resonance + 0.05) * np.sin(harmonic * phase) * (hz < 3600)
    sound *= np.clip(np.sin(2 * np.pi * 2 * time) + 0.6, 0, 1)
    sound += 0.02 * np.random.default_rng(0).standard_normal(time.size)
    scaled: Samples = (sound / np.abs(sound).max() * _BUZZ_LEVEL).astype(np.float32)
    return scaled
