from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.errors import ConfigurationError
from agent.rehearsal.props import prepare, read_wav
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.sounds import SoundName, make
from agent.testing.measure import Pcm
from agent.testing.noise import SPEECH_DBFS

TONE = Path(__file__).parents[2] / "fixtures" / "scenarios" / "tone.wav"


def _wav(
    path: Path, *, rate: int = 8000, tracks: int = 1, width: int = 2, frames: int = 1600, sample: bytes = b"\x01\x10"
) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(tracks)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(sample * (tracks * frames * width // 2))
    return path


async def _voice(text: str) -> Pcm:
    return np.full(len(text), 1000, np.int16)


def _scenario(**fields: Any) -> Scenario:
    return Scenario.model_validate({"name": "a", **fields})


async def test_every_utterance_has_its_sound_before_anybody_dials() -> None:
    caller = [{"wait_for_agent": {}}, {"say": "Hello"}, {"interrupt": {"say": "Stop it"}}, {"wav": str(TONE)}]
    props = await prepare(_scenario(caller=caller), _voice)
    assert [(line.turn, line.text, 0 if line.sound is None else len(line.sound)) for line in props.lines] == [
        (0, "", 0),
        (1, "Hello", 5),
        (2, "Stop it", 7),
        (3, "", 3200),
    ]
    assert props.background is None


async def test_recordings_are_brought_to_the_level_of_the_voice() -> None:
    props = await prepare(_scenario(caller=[{"wav": str(TONE)}]), _voice)
    sound = props.lines[0].sound
    assert sound is not None
    level = 10 * np.log10(np.mean(np.square(sound[1200:2000], dtype=float)) / 32768**2)
    assert level == pytest.approx(SPEECH_DBFS, abs=1)


async def test_a_recording_too_quiet_to_be_speech_is_named(tmp_path: Path) -> None:
    path = _wav(tmp_path / "a.wav", sample=b"\x05\x00")
    with pytest.raises(ConfigurationError, match="no sound"):
        await prepare(_scenario(caller=[{"wav": str(path)}]), _voice)


async def test_a_background_lies_below_the_voice() -> None:
    scenario = _scenario(caller=[{"say": "Hello"}], background={"wav": str(TONE), "snr_db": 20})
    behind = (await prepare(scenario, _voice)).background
    assert behind is not None
    level = 10 * np.log10(np.mean(np.square(behind, dtype=float)) / 32768**2)
    assert level == pytest.approx(SPEECH_DBFS - 20, abs=0.5)


def test_any_rate_becomes_that_of_a_telephone(tmp_path: Path) -> None:
    assert len(read_wav(_wav(tmp_path / "a.wav", rate=16000, frames=3200))) == pytest.approx(1600, abs=2)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: _wav(path, tracks=2), "one track"),
        (lambda path: _wav(path, width=4), "16-bit"),
        (lambda path: path.write_bytes(b"RIFF"), "no WAV file"),
        (lambda path: path.write_bytes(b""), "no WAV file"),
        (lambda path: path.with_name("other"), "no WAV file"),
        (lambda path: _wav(path, frames=0), "silent"),
    ],
)
def test_a_recording_that_cannot_be_used_is_named(tmp_path: Path, make: Any, said: str) -> None:
    make(tmp_path / "a.wav")
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_wav(tmp_path / "a.wav")
    assert str(tmp_path / "a.wav") in str(caught.value)


async def test_a_voice_can_be_louder_and_the_line_bad() -> None:
    caller = [{"say": {"text": "Hello", "gain_db": 20}}]
    props = await prepare(_scenario(caller=caller, line={"loss_percent": 5, "jitter_ms": 60, "seed": 2}), _voice)
    assert props.lines[0].sound is not None
    assert props.lines[0].sound.tolist() == [10_000] * 5
    assert (props.condition.loss_percent, props.condition.jitter_ms, props.condition.seed) == (5, 60, 2)


async def test_a_built_in_sound_can_be_said_or_lie_behind() -> None:
    caller = [{"say": {"sound": "fax_calling", "seconds": 7}}]
    props = await prepare(_scenario(caller=caller, background={"sound": "hum", "snr_db": 30}), _voice)
    assert props.lines[0].sound is not None
    assert len(props.lines[0].sound) == 7 * 8000
    assert props.background is not None
    level = 10 * np.log10(np.mean(np.square(props.background, dtype=float)) / 32768**2)
    assert level == pytest.approx(SPEECH_DBFS - 30, abs=0.5)


@pytest.mark.parametrize(
    "name", [name for name in SoundName if name not in {SoundName.TALK, SoundName.BABBLE, SoundName.HOLD_MUSIC}]
)
def test_a_built_in_sound_has_its_length_and_is_heard(name: SoundName) -> None:
    pcm = make(name, 5, seed=3)
    assert len(pcm) == 5 * 8000
    assert np.abs(pcm).max() > 30
