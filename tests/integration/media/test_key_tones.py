"""The sound of keys as voice detection takes it, and people as the guard against keys takes them."""

from __future__ import annotations

import wave

import numpy as np

from agent.asterisk.bundles import bundle
from agent.asterisk.recordings import prompts, voices
from agent.media.key_tones import COLUMNS_HZ, ROWS_HZ, KeyToneGuard
from agent.media.pcm import resample, ulaw_decode, ulaw_encode
from agent.speech.vad import VoiceDetector

FRAME = 320


def keyed(row_hz: float, column_hz: float, level_dbfs: float, noise: float) -> list[bytes]:
    """A key pressed four times for 100 ms in a second and more of line noise, through µ-law."""
    time_s = np.arange(800) / 8000
    amplitude = 32768 * 10 ** (level_dbfs / 20) / 2
    sound = amplitude * (np.sin(2 * np.pi * row_hz * time_s) + np.sin(2 * np.pi * column_hz * time_s))
    whole = np.concatenate([np.zeros(4070), *[sound, np.zeros(1600)] * 4, np.zeros(4000)])
    whole += np.random.default_rng(1).normal(0, noise, len(whole))
    pcm = ulaw_decode(ulaw_encode(whole.astype("<i2").tobytes()))
    return [pcm[start : start + FRAME] for start in range(0, len(pcm) - FRAME + 1, FRAME)]


def speech_ms(frames: list[bytes], *, guarded: bool) -> int:
    """What Silero takes for speech, and the guard lets pass."""
    detector, guard = VoiceDetector(), KeyToneGuard()
    heard = 0
    for frame in frames:
        key = guard.feed(frame) and guarded
        heard += sum(32 * (probability >= 0.5 and not key) for probability in detector.feed(frame))
    return heard


def test_keys_are_not_taken_for_speech() -> None:
    bare = guarded = 0
    for row_hz in ROWS_HZ:
        for column_hz in COLUMNS_HZ:
            for level_dbfs, noise in ((-10, 1), (-20, 31), (-30, 31)):
                frames = keyed(row_hz, column_hz, level_dbfs, noise)
                bare += speech_ms(frames, guarded=False)
                guarded += speech_ms(frames, guarded=True)
    assert bare >= 1500, "the guard has something to do"
    assert guarded <= 64, "two windows: it was none"


def test_people_are_no_keys() -> None:
    """Nor were any in all 76,106 frames of recorded people that were tried."""
    heard = 0
    for recording in [*voices(bundle("voices")), *prompts(bundle("prompts"))[:40]]:
        guard = KeyToneGuard()
        with wave.open(str(recording.path)) as wav:
            pcm = resample(wav.readframes(wav.getnframes()), wav.getframerate(), 8000)
        for start in range(0, len(pcm) - FRAME + 1, FRAME):
            heard += 1
            assert not guard.feed(pcm[start : start + FRAME])
    assert heard > 5000
