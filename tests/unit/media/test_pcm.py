"""Levels, µ-law, rates and spans of sound."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.media import pcm

ALL_VALUES = np.arange(-32768, 32768, dtype="<i2").tobytes()

# ITU-T G.711 (11/88), table 2a, "decoder output value" at the ends of each segment, x 4; codes as transmitted.
G711_POSITIVE = {
    0x80: 32124, 0x8F: 16764, 0x90: 15996, 0x9F: 8316, 0xA0: 7932, 0xAF: 4092, 0xB0: 3900, 0xBF: 1980,
    0xC0: 1884, 0xCF: 924, 0xD0: 876, 0xDF: 396, 0xE0: 372, 0xEF: 132, 0xF0: 120, 0xFE: 8, 0xFF: 0,
}  # fmt: skip


def sine(hertz: float, seconds: float, *, rate: int = 8000, amplitude: float = 32767) -> bytes:
    phase = np.arange(round(seconds * rate)) * (2 * math.pi * hertz / rate)
    return bytes((np.sin(phase) * amplitude).astype("<i2").tobytes())


def test_a_full_scale_sine() -> None:
    tone = sine(440, 1)
    assert pcm.rms_dbfs(tone) == pytest.approx(-3.01, abs=0.01)
    assert pcm.peak_dbfs(tone) == pytest.approx(0, abs=0.01)
    assert pcm.rms_dbfs(sine(440, 1, amplitude=3276.7)) == pytest.approx(-23.01, abs=0.05)


def test_the_most_negative_sample_is_full_scale() -> None:
    assert pcm.peak_dbfs(b"\x00\x80") == 0.0


@pytest.mark.parametrize("silence", [b"", bytes(320)])
def test_silence_is_the_floor(silence: bytes) -> None:
    assert pcm.rms_dbfs(silence) == pcm.peak_dbfs(silence) == pcm.FLOOR_DBFS


def test_level_profile_is_per_window() -> None:
    profile = pcm.level_profile_dbfs(bytes(160) + sine(400, 0.01) + bytes(100))
    assert profile.shape == (2,)
    assert profile[0] == pcm.FLOOR_DBFS
    assert profile[1] == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize(("code", "value"), G711_POSITIVE.items())
def test_ulaw_decodes_as_the_standard_says(code: int, value: int) -> None:
    decoded = pcm.samples(pcm.ulaw_decode(bytes([code, code ^ 0x80])))
    assert decoded.tolist() == [value, -value]


def test_ulaw_encodes_to_the_nearest_value_that_can_be_decoded() -> None:
    values = pcm.samples(ALL_VALUES).astype(np.int32)
    decoded = pcm.samples(pcm.ulaw_decode(pcm.ulaw_encode(ALL_VALUES))).astype(np.int32)
    levels = np.unique(pcm.samples(pcm.ulaw_decode(bytes(range(256)))).astype(np.int32))
    nearest = np.min(np.abs(values[:, None] - levels[None, :]), axis=1)
    inside = np.abs(values) <= 32124
    # A decision value lies midway between two outputs, but at a segment's border the finer side's step decides.
    step = np.maximum(8, 2.0 ** np.floor(np.log2(np.abs(values) + 132)) / 16)
    assert np.all((np.abs(values - decoded) - nearest)[inside] <= step[inside] / 4)
    assert np.all(np.abs(values - decoded)[~inside] <= 32768 - 32124)


def test_ulaw_of_decoded_ulaw_is_the_same() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # 0x7f is minus zero, which 16 bits do not have
    assert pcm.ulaw_encode(pcm.ulaw_decode(codes)) == codes


@given(st.binary(max_size=200).filter(lambda b: len(b) % 2 == 0))
def test_ulaw_takes_any_samples(sound: bytes) -> None:
    assert len(pcm.ulaw_encode(sound)) == len(sound) // 2


@pytest.mark.parametrize(("source", "target"), [(22050, 8000), (16000, 8000), (8000, 16000), (24000, 8000)])
def test_resampling_keeps_length_level_and_pitch(source: int, target: int) -> None:
    tone = pcm.resample(sine(440, 1, rate=source, amplitude=16000), source, target)
    values = pcm.samples(tone)
    assert values.size == target
    assert pcm.rms_dbfs(tone) == pytest.approx(20 * math.log10(16000 / 32768) - 3.01, abs=0.1)
    assert int(np.argmax(np.abs(np.fft.rfft(values.astype(float))))) == 440


def test_resampling_removes_what_the_new_rate_cannot_carry() -> None:
    resampled = pcm.resample(sine(6000, 1, rate=22050, amplitude=16000), 22050, 8000)
    assert pcm.rms_dbfs(resampled[1600:-1600]) < -80


def test_resampling_clips_and_does_not_wrap() -> None:
    square = np.where(np.arange(8000) // 20 % 2, 32767, -32768).astype("<i2")
    values = pcm.samples(pcm.resample(square.tobytes(), 8000, 16000)).astype(int)
    middle = values[15::40]
    assert np.all(np.abs(np.diff(middle[1:-1])) > 40000)


def test_nothing_and_the_same_rate_are_left_alone() -> None:
    assert pcm.resample(b"", 22050, 8000) == b""
    assert pcm.resample(b"\1\2", 8000, 8000) == b"\1\2"


def test_spans_of_sound() -> None:
    tone = sine(440, 0.3, amplitude=8000)
    click = sine(400, 0.01, amplitude=8000)
    sound = bytes(2 * 1600) + tone + bytes(2 * 800) + tone + bytes(2 * 8000) + click + bytes(2 * 8000) + tone
    assert pcm.sound_spans(sound) == [(1600, 1600 + 5600), (23280, 23280 + 2400)]
    assert pcm.sound_spans(sound, join_ms=50, shortest_ms=10) == [
        (1600, 4000), (4800, 7200), (15200, 15280), (23280, 25680),
    ]  # fmt: skip
    assert pcm.sound_spans(sound, threshold_dbfs=-10) == []
    assert pcm.sound_spans(b"") == []
