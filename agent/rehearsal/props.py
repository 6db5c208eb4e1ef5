"""The sounds of a scenario, made or read before anybody dials."""

from __future__ import annotations

import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agent.errors import ConfigurationError
from agent.media.pcm import resample
from agent.rehearsal.director import Line
from agent.rehearsal.scenario import Scenario, Utterance
from agent.testing.noise import background, speech_at_level
from agent.testing.softphone.rtp import RATE, Pcm

Voice = Callable[[str], Awaitable[Pcm]]
"""Says a text as 8 kHz samples."""


@dataclass(frozen=True, slots=True)
class Props:
    """What the caller will say, step by step, and what is heard behind it."""

    lines: tuple[Line, ...]
    background: Pcm | None


async def prepare(scenario: Scenario, voice: Voice) -> Props:
    """All sounds of `scenario`, speech at one level. Raises ConfigurationError for a recording that cannot be used."""
    lines = [
        Line(turn, step, None if step.utterance is None else await _sound(step.utterance, voice))
        for turn, step in scenario.numbered_steps()
    ]
    behind = scenario.background
    return Props(tuple(lines), None if behind is None else background(read_wav(behind.wav), snr_db=behind.snr_db))


def read_wav(path: Path) -> Pcm:
    """A recording of one voice or noise as 8 kHz samples.

    Raises ConfigurationError where it is not 16-bit PCM with one track, or silent.
    """
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise ConfigurationError(f"{path}: a recording must be 16-bit PCM with one track.")
            pcm = resample(file.readframes(file.getnframes()), file.getframerate(), RATE)
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigurationError(f"{path}: is no WAV file that can be read ({error}).") from error
    samples = np.frombuffer(pcm, "<i2")
    if not samples.any():
        raise ConfigurationError(f"{path}: is silent.")
    return samples


async def _sound(utterance: Utterance, voice: Voice) -> Pcm:
    if utterance.text is not None:
        return await voice(utterance.text)
    if utterance.wav is None:
        raise ConfigurationError("An utterance has neither text nor recording.")
    try:
        return speech_at_level(read_wav(utterance.wav))
    except ValueError as error:
        raise ConfigurationError(f"{utterance.wav}: {error}.") from error
