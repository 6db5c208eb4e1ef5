from __future__ import annotations

import numpy as np
import pytest

from agent.media.key_tones import COLUMNS_HZ, ROWS_HZ, KeyToneGuard, is_key_tone
from agent.media.pcm import ulaw_decode, ulaw_encode

FRAME = 320


def frames(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[bytes]:
    """As they come through a telephone line: µ-law."""
    pcm = ulaw_decode(ulaw_encode(np.clip(values, -32000, 32000).astype("<i2").tobytes()))
    return [pcm[start : start + FRAME] for start in range(0, len(pcm) - FRAME + 1, FRAME)]


def key(row_hz: float, column_hz: float, *, level_dbfs: float, twist_db: float = 0.0) -> list[bytes]:
    """100 ms of one key that begins in the middle of a frame, in the noise of a line."""
    time_s = np.arange(800) / 8000
    row = np.sin(2 * np.pi * row_hz * time_s)
    column = 10 ** (twist_db / 20) * np.sin(2 * np.pi * column_hz * time_s)
    sound = 32768 * 10 ** (level_dbfs / 20) / 2 * (row + column)
    noise = np.random.default_rng(1).normal(0, 10, 1120)
    return frames(np.concatenate([np.zeros(80), sound, np.zeros(240)]) + noise)


@pytest.mark.parametrize("row_hz", ROWS_HZ)
@pytest.mark.parametrize("column_hz", COLUMNS_HZ)
@pytest.mark.parametrize("level_dbfs", [-3, -10, -20, -35])
def test_each_key_is_found_in_all_its_whole_frames(row_hz: int, column_hz: int, level_dbfs: float) -> None:
    for off in (0.985, 1.0, 1.015):  # ITU-T Q.24: tones may be wrong by 1.5 %
        assert all(map(is_key_tone, key(row_hz * off, column_hz / off, level_dbfs=level_dbfs)[1:5]))


@pytest.mark.parametrize("twist_db", [-8, 4])
def test_tones_of_different_level(twist_db: float) -> None:
    assert all(map(is_key_tone, key(770, 1336, level_dbfs=-20, twist_db=twist_db)[1:5]))


@pytest.mark.parametrize("hz", [(440, 480), (350, 440), (425, 425), (1100, 1100), (2100, 2100), (697, 697), (770, 941)])
def test_other_tones_of_telephones_are_no_keys(hz: tuple[int, int]) -> None:
    time_s = np.arange(8000) / 8000
    sound = 4000 * (np.sin(2 * np.pi * hz[0] * time_s) + np.sin(2 * np.pi * hz[1] * time_s))
    assert not any(map(is_key_tone, frames(sound)))


def test_silence_and_noise_are_no_keys() -> None:
    noise = np.random.default_rng(2).normal(0, 3000, 80_000)
    assert not any(map(is_key_tone, frames(noise)))
    assert not is_key_tone(bytes(FRAME))


def test_the_guard_waits_for_two_frames_and_holds_on() -> None:
    tone = key(770, 1336, level_dbfs=-20)[1]
    quiet = bytes(FRAME)
    guard = KeyToneGuard()
    assert [guard.feed(frame) for frame in (quiet, tone, quiet, tone, tone)] == [False, False, False, False, True]
    assert [guard.feed(quiet) for _ in range(16)] == [True] * 14 + [False] * 2
