"""Our own ears with the times of words: what a listener makes of a sound, word by word. Not the agent's ears."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from agent.bench.conversation.heard_words import Word
from agent.media.pcm import resample
from agent.media.schedule import SAMPLE_RATE
from agent.models.store import ModelStore
from agent.settings import ModelsSettings
from agent.testing.softphone.rtp import Pcm

MODEL = "whisper-base"
WHISPER_RATE = 16_000
THREADS = 2
LANGUAGE = "en"


async def words_of(sounds: Sequence[Pcm]) -> list[list[Word]]:
    """The words of each sound at 8 kHz, with their times in it; in a thread, since it computes for a second each.

    Times come from the decoder's attention (dynamic time warping) and are good to about 0.1 s. Call it while nothing is
    measured. Raises ModelError where the model is not here.
    """
    return await asyncio.to_thread(_listen, sounds)


def _listen(sounds: Sequence[Pcm]) -> list[list[Word]]:
    from faster_whisper import WhisperModel  # heavy, and few rows need it

    folder = ModelStore.of(ModelsSettings()).path(MODEL)
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=THREADS, local_files_only=True)
    return [_words(whisper, sound) for sound in sounds]


def _words(whisper: object, sound: Pcm) -> list[Word]:
    if not sound.any():
        return []
    wide = np.frombuffer(resample(sound.astype("<i2").tobytes(), SAMPLE_RATE, WHISPER_RATE), "<i2")
    segments, _ = whisper.transcribe(  # type: ignore[attr-defined]  # faster-whisper has no types
        wide.astype(np.float32) / 32768,
        language=LANGUAGE,
        beam_size=1,
        temperature=[0.0, 0.4],  # the second where the first one loops
        condition_on_previous_text=False,
        word_timestamps=True,
    )
    return [Word(word.word.strip(), float(word.start), float(word.end)) for one in segments for word in one.words or ()]
