from __future__ import annotations

import numpy as np
import pytest

from agent.dialog.tail import FALL_DB, FRAMES, Tail

FULL = 8000.0


class Sure:
    """Takes everything for speech, as a detector does that lags behind."""

    def feed(self, frame: bytes) -> list[float]:
        return [0.9]


def frame(db: float) -> bytes:
    return np.full(160, FULL * 10 ** (db / 20), "<i2").tobytes()


def heard(*levels: float) -> list[float]:
    tail = Tail(Sure())
    return [probability for db in levels for probability in tail.feed(frame(db))]


def test_speech_ends_with_the_sound() -> None:
    assert heard(0, 0, *[-60] * 5) == [0.9] * (2 + FRAMES - 1) + [0.0] * (5 - FRAMES + 1)


def test_a_closure_inside_a_word_ends_nothing() -> None:
    assert heard(0, *[-60] * (FRAMES - 1), 0) == [0.9] * (FRAMES + 1)


@pytest.mark.parametrize("noise_db", [-10, -20, -FALL_DB + 1])
def test_on_a_noisy_line_the_detector_decides(noise_db: float) -> None:
    assert heard(0, 0, *[noise_db] * 20) == [0.9] * 22


def test_a_caller_who_goes_on_softly_is_heard_again_when_the_loud_syllable_is_forgotten() -> None:
    soft = heard(0, *[-FALL_DB - 2] * 40)
    assert soft[FRAMES] == 0.0
    assert soft[-1] == 0.9
