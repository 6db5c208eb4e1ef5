"""Reads recordings as a telephone would send them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from agent.errors import ConfigurationError
from agent.media.pcm import resample
from agent.testing.softphone.rtp import RATE, Pcm


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
