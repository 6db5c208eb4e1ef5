from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from agent.bench.witness import match, round_trips
from agent.testing.tone import tone


def _recording(path: Path, *, delay: int | None) -> Path:
    sent = np.zeros(8000 * 4, np.int16)
    for start in (4000, 12000, 20000):
        sent[start : start + 1600] = tone(400, 0.2)
    received = np.zeros_like(sent)
    if delay is not None:
        received[delay:] = sent[: len(sent) - delay]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.stack([sent, received], axis=1).astype("<i2").tobytes())
    return path


def test_the_time_to_the_echo_is_found_on_the_recording(tmp_path: Path) -> None:
    times = round_trips(_recording(tmp_path / "echo.wav", delay=320))
    assert times == pytest.approx([40, 40, 40], abs=0.5)


def test_without_an_echo_there_is_no_time(tmp_path: Path) -> None:
    assert round_trips(_recording(tmp_path / "deaf.wav", delay=None)) == ()


def test_a_file_that_is_no_recording_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    assert round_trips(tmp_path / "empty.wav") == ()


def test_a_sound_that_was_lost_is_left_out() -> None:
    assert match([0, 8000, 16000], [80, 16160]) == (10, 20)


def test_an_echo_belongs_to_the_sound_before_it() -> None:
    assert match([8000], [80]) == ()
