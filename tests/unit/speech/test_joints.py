from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.speech.joints import PEAK, SPEECH_LEVEL_DBFS, frame_levels_db, pause_ms, polish, speech_level_db

RATE = 8000


def pcm(values: NDArray[np.float64]) -> bytes:
    return np.round(values * 32767).astype("<i2").tobytes()


def tone(seconds: float, amplitude: float, phase: float = 1.0) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE + phase)


def silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(round(seconds * RATE))


def heard(polished: bytes) -> NDArray[np.float32]:
    return np.frombuffer(polished, dtype="<i2").astype(np.float32) / np.float32(32767)


def edges_ms(polished: bytes) -> tuple[float, float]:
    loud = np.flatnonzero(np.abs(heard(polished)) > 0.01)
    return loud[0] / 8, (len(polished) // 2 - 1 - loud[-1]) / 8


@pytest.mark.parametrize(("before_s", "after_s"), [(0.0, 0.0), (0.08, 0.36), (0.005, 0.01), (1.0, 2.0)])
@pytest.mark.parametrize("trailing_ms", [20, 180, 300])
def test_silence_is_what_was_asked_for_however_much_there_was(
    before_s: float, after_s: float, trailing_ms: int
) -> None:
    piece = pcm(np.concatenate((silence(before_s), tone(0.4, 0.5), silence(after_s))))
    before_ms, after_ms = edges_ms(polish(piece, leading_ms=15, trailing_ms=trailing_ms))
    assert before_ms == pytest.approx(15, abs=6)
    assert after_ms == pytest.approx(trailing_ms, abs=6)


@pytest.mark.parametrize("amplitude", [0.02, 0.1, 0.5, 0.99])
def test_speech_comes_out_at_one_level(amplitude: float) -> None:
    polished = polish(pcm(np.concatenate((silence(0.3), tone(1.0, amplitude), silence(0.5)))))
    level = speech_level_db(frame_levels_db(heard(polished)))
    assert level == pytest.approx(SPEECH_LEVEL_DBFS, abs=0.5)


def test_pauses_do_not_count_as_quiet_speech() -> None:
    words = [part for _ in range(4) for part in (tone(0.2, 0.5), silence(0.6))]
    dense = speech_level_db(frame_levels_db(tone(0.8, 0.5).astype(np.float32)))
    assert speech_level_db(frame_levels_db(np.concatenate(words).astype(np.float32))) == pytest.approx(dense, abs=0.3)


def test_a_soft_onset_is_kept() -> None:
    soft = tone(0.05, 0.01)
    loud_at = np.flatnonzero(np.abs(heard(polish(pcm(np.concatenate((silence(0.1), soft, tone(0.4, 0.5))))))) > 0.02)[0]
    assert loud_at / 8 >= 60


def test_joints_do_not_click() -> None:
    abrupt = tone(0.4, 0.9, phase=np.pi / 2)
    joined = heard(polish(pcm(abrupt), leading_ms=0, trailing_ms=0) * 2)
    step = float(np.abs(np.diff(joined)).max())
    assert abs(joined[0]) < 0.001
    assert step < 1.05 * float(np.abs(np.diff(heard(polish(pcm(abrupt))))[400:-400].max())) + 0.02


def test_peaks_are_softened_not_clipped() -> None:
    spiky = tone(1.0, 0.05)
    spiky[4000:4016] = np.hanning(16) * 0.9
    values = np.abs(heard(polish(pcm(spiky))))
    assert values.max() <= PEAK + 1e-4
    assert np.count_nonzero(values > PEAK - 1e-3) < 4


@pytest.mark.parametrize("piece", [b"", bytes(2), bytes(3200), b"\x01\x00" * 800])
def test_a_piece_without_sound_comes_back_as_it_is(piece: bytes) -> None:
    assert polish(piece) == piece


def test_an_odd_byte_is_dropped() -> None:
    piece = pcm(tone(0.3, 0.5))
    assert polish(piece + b"\x01") == polish(piece)


@given(st.binary(max_size=4000), st.integers(0, 300), st.integers(0, 300))
def test_any_bytes_give_whole_samples_without_clipping(piece: bytes, leading_ms: int, trailing_ms: int) -> None:
    polished = polish(piece, leading_ms=leading_ms, trailing_ms=trailing_ms)
    assert len(polished) % 2 == 0
    if polished != piece[: len(piece) - len(piece) % 2]:
        assert np.abs(heard(polished)).max() <= PEAK + 1e-4


def test_the_pause_tells_a_sentence_from_a_clause_and_a_clause_from_a_phrase() -> None:
    assert pause_ms("We are open.") == pause_ms('She said "yes!" ') == pause_ms("Really?") > pause_ms("Yes,")
    assert pause_ms("Yes,") == pause_ms("Hours:") > pause_ms("We are open") == pause_ms("")
