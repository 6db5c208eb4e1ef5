from __future__ import annotations

import numpy as np
import pytest

from agent.media.beep import Beep, BeepDetector
from agent.media.pcm import ulaw_decode, ulaw_encode
from agent.testing.call_progress import BUSY, RINGBACK, ProgressTone, progress_tone
from agent.testing.line import line_noise
from agent.testing.softphone.rtp import Pcm
from agent.testing.tone import tone

FRAME = 320


def beeps(sound: Pcm) -> list[Beep]:
    """What is found in it as it comes through a telephone line, with two seconds of the line's noise after it."""
    whole = np.concatenate([line_noise(0.5, seed=1), sound, np.zeros(16000, np.int16)]).astype(np.int32)
    whole += np.resize(line_noise(2.0, seed=2), len(whole))
    pcm = ulaw_decode(ulaw_encode(np.clip(whole, -32768, 32767).astype("<i2").tobytes()))
    detector = BeepDetector()
    frames = [pcm[at : at + FRAME] for at in range(0, len(pcm) - FRAME + 1, FRAME)]
    return [found for frame in frames if (found := detector.feed(frame))]


@pytest.mark.parametrize("hz", [400, 440, 613, 1004, 1400, 2000])
@pytest.mark.parametrize("dbfs", [-30, -15, -3])
def test_a_tone_that_stands_alone_is_found_once(hz: float, dbfs: float) -> None:
    found = beeps(tone(hz, 0.4, amplitude=min(1.0, 10 ** ((dbfs + 3) / 20))))
    assert len(found) == 1
    assert abs(found[0].frequency_hz - hz) < 10
    assert abs(found[0].ended_ms - 900) <= 40


@pytest.mark.parametrize("seconds", [0.2, 0.25, 0.5, 1.0, 2.0])
def test_of_every_usual_length(seconds: float) -> None:
    found = beeps(tone(1000, seconds))
    assert len(found) == 1
    assert abs(found[0].length_ms - 1000 * seconds) <= 60


@pytest.mark.parametrize("offset", [0, 37, 80, 121])
def test_wherever_in_a_frame_it_begins(offset: int) -> None:
    assert len(beeps(np.concatenate([np.zeros(offset, np.int16), tone(1000, 0.21)]))) == 1


@pytest.mark.parametrize("kind", [*RINGBACK, *BUSY], ids=lambda kind: kind.name)
def test_the_tones_of_an_exchange_are_none(kind: ProgressTone) -> None:
    assert beeps(progress_tone(kind, 8)) == []


@pytest.mark.parametrize("hz", [(697, 1209), (770, 1336), (941, 1477), (480, 620), (350, 440)])
def test_two_tones_at_once_are_none(hz: tuple[float, float]) -> None:
    assert beeps((tone(hz[0], 0.4) + tone(hz[1], 0.4)).astype(np.int16)) == []


def test_the_three_tones_before_an_announcement_are_none() -> None:
    assert beeps(np.concatenate([tone(950, 0.33), tone(1400, 0.33), tone(1800, 0.33)])) == []


@pytest.mark.parametrize("seconds", [0.05, 0.1, 4.0])
def test_a_click_and_a_dial_tone_are_none(seconds: float) -> None:
    assert beeps(tone(1000, seconds)) == []


def test_fax_is_none() -> None:
    assert beeps(tone(2100, 2.0)) == []


def test_a_melody_is_none() -> None:
    notes = [tone(hz, 0.25) for hz in (523, 587, 659, 698, 784, 880)]
    assert beeps(np.concatenate([*notes, (tone(880, 1.0) * np.linspace(1, 0.001, 8000)).astype(np.int16)])) == []


def test_a_voice_that_glides_is_none() -> None:
    time = np.arange(8000) / 8000
    sweep = np.round(8000 * np.sin(2 * np.pi * (500 * time + 150 * time**2))).astype(np.int16)
    assert beeps(sweep) == []
