"""The caller's voice in rehearsals: not the agent's, made beforehand in another process, kept on disk.

hibari-tts (Apache-2.0) is an American woman's voice; the agent's Piper voice is a man's. A text is always the same
samples, whatever machine: the seed of its noise is fixed.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import json
import os
import sys
import wave
from asyncio.subprocess import PIPE
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import platformdirs

from agent.errors import SetupError
from agent.media.pcm import resample
from agent.media.schedule import SAMPLE_RATE
from agent.testing.measure import Pcm
from agent.testing.noise import speech_at_level

TREATMENT = 1  # goes into the key of the cache: raise it when what is done to the voice changes
SEED = 1
LOW_HZ, HIGH_HZ = 300, 3400  # the band of a telephone line (ITU-T G.712)
SLOPE_HZ = 100
_PACKAGE = "hibari-tts"


class CallerVoice:
    """Says texts; synthesises each only once per machine."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where the sound is kept; None: in the user's cache."""
        self._folder = folder or platformdirs.user_cache_path("phone-agent") / "caller-voice"
        try:
            self._version = importlib.metadata.version(_PACKAGE)
        except importlib.metadata.PackageNotFoundError:
            raise SetupError(
                f"The test voice is missing; install {_PACKAGE} (pip install phone-agent[rehearse])."
            ) from None

    async def prepare(self, texts: Iterable[str]) -> None:
        """Have all texts at hand, so that no synthesis disturbs a call. Raises SetupError where the voice fails.

        Cancelling ends the child process.
        """
        missing = {text: str(self._path(text)) for text in texts if not self._path(text).exists()}
        if not missing:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.testing.voice", stdin=PIPE, stderr=PIPE, env=dict(os.environ)
        )
        try:
            _, errors = await child.communicate(json.dumps(missing).encode())
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode:
            last = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise SetupError(f"The test voice could not speak: {last or f'it ended with {child.returncode}'}.")

    async def speak(self, text: str) -> Pcm:
        """A text as 8 kHz samples in the band of a telephone, active level -26 dBFS. Raises SetupError."""
        await self.prepare([text])
        with wave.open(str(self._path(text)), "rb") as file:
            return np.frombuffer(file.readframes(file.getnframes()), "<i2")

    def _path(self, text: str) -> Path:
        key = "\0".join([_PACKAGE, self._version, str(TREATMENT), str(SEED), text])
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.wav"


def telephone_band(pcm: Pcm) -> Pcm:
    """A whole utterance at 8 kHz without what a telephone line does not carry: 300 to 3400 Hz, slopes of 100 Hz."""
    frequency = np.fft.rfftfreq(len(pcm), 1 / SAMPLE_RATE)
    inside = np.minimum(frequency - (LOW_HZ - SLOPE_HZ), (HIGH_HZ + SLOPE_HZ) - frequency) / SLOPE_HZ
    gain = 0.5 - 0.5 * np.cos(np.pi * np.clip(inside, 0, 1))
    filtered = np.fft.irfft(np.fft.rfft(pcm) * gain, len(pcm))
    return np.clip(np.round(filtered), -32768, 32767).astype(np.int16)


def _synthesise(texts: dict[str, str]) -> None:
    """Write the sound of each text to its file: whole or not at all."""
    from hibari import SAMPLE_RATE as OWN_RATE
    from hibari import Hibari

    voice = Hibari(threads=1)
    for text, path in texts.items():
        sound = np.clip(voice(text, seed=SEED), -1, 1) * 32767
        narrow = resample(sound.astype("<i2").tobytes(), OWN_RATE, SAMPLE_RATE)
        if not narrow:
            raise SetupError(f"it cannot say {text!r}")
        pcm = speech_at_level(telephone_band(np.frombuffer(narrow, "<i2")))
        _write_whole(Path(path), pcm)


def _write_whole(path: Path, pcm: Pcm) -> None:
    """Or not at all; two processes that say the same text at the same time do no harm."""
    part = path.with_suffix(f".{os.getpid()}")
    try:
        with wave.open(str(part), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(pcm.astype("<i2").tobytes())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        _synthesise(json.load(sys.stdin))
    except SetupError as problem:
        sys.exit(str(problem))
