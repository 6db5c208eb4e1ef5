"""How a window is put together; a stand-in for Whisper tells its positions apart."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from ctranslate2 import StorageView
from numpy.typing import NDArray

from agent.workers.encoder import POSITIONS_PER_S, SAMPLE_HZ, Encoder

PER_POSITION = SAMPLE_HZ // POSITIONS_PER_S


class FakeWhisper:
    """Its encoder gives each position the loudest sample of its 20 ms."""

    def __init__(self) -> None:
        self.computed_s: list[float] = []

    def feature_extractor(self, samples: NDArray[np.float32], *, padding: int) -> NDArray[np.float32]:
        assert padding == 0
        return samples

    def encode(self, samples: NDArray[np.float32]) -> StorageView:
        self.computed_s.append(samples.size / SAMPLE_HZ)
        loudest = np.abs(samples.reshape(1, -1, PER_POSITION)).max(axis=2, keepdims=True)
        return StorageView.from_array(np.ascontiguousarray(loudest))


def encode(seconds: float, computed_s: float, window_s: float) -> tuple[FakeWhisper, NDArray[np.float32]]:
    whisper = FakeWhisper()
    encoder = Encoder(cast(Any, whisper))
    samples = np.full(round(seconds * SAMPLE_HZ), 0.5, dtype=np.float32)
    return whisper, np.array(encoder.encode(samples, computed_s=computed_s, window_s=window_s))[0, :, 0]


@pytest.mark.parametrize(
    ("seconds", "computed_s", "window_s"), [(0.4, 3, 10), (2.37, 3.37, 10), (8, 9, 12), (26, 27, 30)]
)
def test_the_utterance_is_computed_and_the_silence_after_it_remembered(
    seconds: float, computed_s: float, window_s: float
) -> None:
    whisper, window = encode(seconds, computed_s, window_s)
    assert whisper.computed_s == [30, pytest.approx(computed_s, abs=0.02)]
    assert window.size == round(window_s * POSITIONS_PER_S)
    speech = round(seconds * POSITIONS_PER_S)
    assert (window[: speech - 1] == 0.5).all()
    assert (window[speech + 1 :] == 0).all()  # nothing of the sound from which silence was learned


def test_a_window_can_be_computed_as_a_whole() -> None:
    whisper, window = encode(2, 10, 10)
    assert whisper.computed_s == [30, 10]
    assert window.size == 10 * POSITIONS_PER_S
