from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.speech.resampling import resample, to_mono_16_bit


def tone(hertz: int, rate: int, seconds: float = 1.0) -> bytes:
    wave = np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate) * 16384
    return wave.astype("<i2").tobytes()


@pytest.mark.parametrize("rate", [16000, 22050, 24000, 44100])
def test_a_tone_stays_the_same_tone(rate: int) -> None:
    sound = np.frombuffer(resample(tone(440, rate), rate, 8000), dtype="<i2").astype(float)
    assert len(sound) == 8000
    spectrum = np.abs(np.fft.rfft(sound))
    assert int(spectrum.argmax()) == 440
    assert abs(np.abs(sound[400:-400]).max() - 16384) < 400


def test_what_a_telephone_cannot_carry_is_removed_not_folded() -> None:
    sound = np.frombuffer(resample(tone(6000, 22050), 22050, 8000), dtype="<i2").astype(float)
    assert np.abs(sound[400:-400]).max() < 100


def test_the_loudest_sound_does_not_wrap_around() -> None:
    loud = (np.sign(np.sin(np.arange(22050) * 0.3)) * 32767).astype("<i2").tobytes()
    sound = np.frombuffer(resample(loud, 22050, 8000), dtype="<i2").astype(int)
    assert np.abs(np.diff(sound)).max() <= 65535
    assert sound.max() > 30000


@given(st.binary(max_size=999), st.sampled_from([8000, 16000, 22050]))
def test_length_follows_the_rates(pcm: bytes, rate: int) -> None:
    assert len(resample(pcm, rate, rate)) == len(pcm) // 2 * 2
    expected = (len(pcm) // 2) * 8000 / rate
    assert abs(len(resample(pcm, rate, 8000)) / 2 - expected) <= 1


@pytest.mark.parametrize(
    ("sound", "width", "channels", "samples"),
    [
        (bytes([128, 255, 0]), 1, 1, [0, 32512, -32768]),
        (np.array([100, -100], dtype="<i2").tobytes(), 2, 1, [100, -100]),
        (np.array([100, 300, -5, 5], dtype="<i2").tobytes(), 2, 2, [200, 0]),
        (np.array([65536 * 7, -65536 * 7], dtype="<i4").tobytes(), 4, 1, [7, -7]),
        (np.array([1, 2, 3], dtype="<i2").tobytes(), 2, 2, [2]),  # an incomplete last sample is dropped
    ],
)
def test_every_integer_format_becomes_16_bit_mono(sound: bytes, width: int, channels: int, samples: list[int]) -> None:
    assert np.frombuffer(to_mono_16_bit(sound, width=width, channels=channels), dtype="<i2").tolist() == samples


@pytest.mark.parametrize(("width", "channels"), [(3, 1), (8, 1), (2, 0)])
def test_an_unknown_format_is_an_error(width: int, channels: int) -> None:
    with pytest.raises(ValueError, match="not a known format"):
        to_mono_16_bit(b"\0" * 48, width=width, channels=channels)
