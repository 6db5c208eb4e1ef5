"""The sounds of a scenario, made or read before anybody dials."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agent.errors import ConfigurationError
from agent.rehearsal.director import Line
from agent.rehearsal.scenario import Background, Scenario, Utterance
from agent.rehearsal.sounds import make
from agent.rehearsal.wav import read_wav
from agent.testing.noise import background, speech_at_level
from agent.testing.softphone import LineCondition
from agent.testing.softphone.condition import PERFECT
from agent.testing.softphone.rtp import Pcm

__all__ = ["Props", "Voice", "prepare", "read_wav"]

BACKGROUND_S = 42
"""Length of a built-in background before it repeats itself: whole periods of all tones, so that no joint is heard."""

Voice = Callable[[str], Awaitable[Pcm]]
"""Says a text as 8 kHz samples."""


@dataclass(frozen=True, slots=True)
class Props:
    """What the caller will say, step by step, and what is heard behind it."""

    lines: tuple[Line, ...]
    background: Pcm | None
    condition: LineCondition = PERFECT
    """Of the caller's line."""


async def prepare(scenario: Scenario, voice: Voice) -> Props:
    """All sounds of `scenario`, speech at one level.

    Raises ConfigurationError for a recording that cannot be used, SetupError where a built-in sound cannot be had.
    """
    lines = [
        Line(turn, step, None if step.utterance is None else await _sound(step.utterance, voice))
        for turn, step in scenario.numbered_steps()
    ]
    behind = None if scenario.background is None else await _behind(scenario.background)
    return Props(tuple(lines), behind, PERFECT if scenario.line is None else scenario.line.condition)


async def _behind(behind: Background) -> Pcm:
    if behind.wav is not None:
        noise = read_wav(behind.wav)
    elif behind.sound is not None:
        noise = await asyncio.to_thread(make, behind.sound, BACKGROUND_S, seed=behind.seed)
    else:
        raise ConfigurationError("A background has neither recording nor sound.")
    return background(noise, snr_db=behind.snr_db)


async def _sound(utterance: Utterance, voice: Voice) -> Pcm:
    pcm = await _spoken(utterance, voice)
    return LineCondition(gain_db=utterance.gain_db).sound(pcm)


async def _spoken(utterance: Utterance, voice: Voice) -> Pcm:
    if utterance.text is not None:
        return await voice(utterance.text)
    if utterance.sound is not None:
        return speech_at_level(await asyncio.to_thread(make, utterance.sound, utterance.seconds, seed=utterance.seed))
    if utterance.wav is None:
        raise ConfigurationError("An utterance has neither text nor recording.")
    try:
        return speech_at_level(read_wav(utterance.wav))
    except ValueError as error:
        raise ConfigurationError(f"{utterance.wav}: {error}.") from error
