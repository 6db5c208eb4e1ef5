"""The voices that answer: six synthetic ones of three makers, and one that was recorded.

Piper's joe is a man, hibari a woman; of Flite's (Carnegie Mellon, BSD-like licence, from Debian) rms and kal are
American men, slt an American woman, awb a Scottish man. Each says its texts in one piece per pause.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from agent.asterisk.bundles import bundle
from agent.asterisk.prefix import Prefix
from agent.asterisk.recordings import prompts_folder
from agent.bench.conversation.sounds import tight
from agent.errors import SetupError
from agent.media.pcm import resample
from agent.rehearsal.wav import read_wav
from agent.speech.tts import TextToSpeech
from agent.testing.measure import Pcm
from agent.testing.noise import speech_at_level
from agent.testing.softphone.rtp import RATE
from agent.testing.voice import CallerVoice, telephone_band

Say = Callable[[str], Awaitable[Pcm]]
"""Speaks a text: 8 kHz, in the band of a telephone, at the level of the test voice."""

FLITE: Final = ("rms", "slt", "awb", "kal")
_PAUSE: Final = re.compile(r" (//?) ")
PAUSE_S: Final = {"/": 0.5, "//": 1.0}
FLITE_S: Final = 30.0


def voices(mouth: TextToSpeech) -> dict[str, Say]:
    """All synthetic ones by name; `mouth` has joe. Blocks while Flite is fetched. Raises SetupError."""

    async def joe(text: str) -> Pcm:
        pcm = await mouth.synthesize(text, voice="")
        return speech_at_level(telephone_band(np.frombuffer(pcm, "<i2")))

    return {"joe": joe} | callers()


def callers() -> dict[str, Say]:
    """Those that are not the agent's own, by name. Blocks while Flite is fetched. Raises SetupError."""
    flite = Prefix(bundle("flite"))

    def of_flite(name: str) -> Say:
        return lambda text: _flite(flite, name, text)

    return {"hibari": CallerVoice().speak} | {name: of_flite(name) for name in FLITE}


async def prepare_hibari(texts: Sequence[str]) -> None:
    """Have all that hibari will say at hand: each start of its process loads the model anew. Raises SetupError."""
    await CallerVoice().prepare([piece for text in texts for piece in _PAUSE.split(text) if piece not in PAUSE_S])


async def spoken(say: Say, text: str) -> Pcm:
    """A text with its pauses."""
    parts: list[Pcm] = []
    for piece in _PAUSE.split(text):
        silent_s = PAUSE_S.get(piece)
        parts.append(await say(piece) if silent_s is None else np.zeros(round(silent_s * RATE), np.int16))
    return tight(np.concatenate(parts))


def recorded(names: Sequence[str]) -> Pcm:
    """Prompts, one after the other. Blocks while they are fetched."""
    folder = prompts_folder(bundle("prompts"))
    return speech_at_level(np.concatenate([read_wav(folder / f"{name}.wav") for name in names]))


async def _flite(flite: Prefix, name: str, text: str) -> Pcm:
    with tempfile.TemporaryDirectory(prefix="phone-agent-voice-") as folder:
        path = Path(folder) / "said.wav"
        command = flite.argv("usr/bin/flite", "-voice", name, "-t", text, "-o", str(path))
        child = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        try:
            _, errors = await asyncio.wait_for(child.communicate(), FLITE_S)
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode:
            raise SetupError(f"The voice {name} could not speak: {errors.decode('utf-8', 'replace').strip()}.")
        return speech_at_level(telephone_band(await asyncio.to_thread(read_wav, path)))


def as_another(pcm: Pcm, factor: float) -> Pcm:
    """The voice faster or slower by `factor`, pitch and mouth with it: as if somebody else spoke."""
    return np.frombuffer(resample(pcm.tobytes(), round(RATE * factor), RATE), "<i2")
