"""Sounds that a scenario names and nobody has to record: voices, music, machines, the noise of a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np

from agent.asterisk.bundles import bundle, bundles
from agent.asterisk.recordings import prompts, voices
from agent.errors import SetupError
from agent.rehearsal.wav import read_wav
from agent.testing.babble import babble, talk
from agent.testing.call_progress import BUSY, RINGBACK, progress_tone
from agent.testing.fax import fax_answering, fax_calling
from agent.testing.line import hum, line_noise
from agent.testing.measure import energy_span
from agent.testing.softphone.rtp import RATE, Pcm

CLIPS = 40
"""Of the recorded people: enough for a minute of six voices that say different things."""
SHORTEST_CLIP_S = 1.5


class SoundName(StrEnum):
    """The sounds."""

    TALK = "talk"
    """Recorded people, one after the other, without a pause."""
    BABBLE = "babble"
    """Six of them at once."""
    HOLD_MUSIC = "hold_music"
    """The music of Asterisk's own packages."""
    FAX_CALLING = "fax_calling"
    """1100 Hz for half a second, every three and a half."""
    FAX_ANSWERING = "fax_answering"
    """2100 Hz, then modem signals."""
    RINGBACK = "ringback"
    BUSY = "busy"
    LINE_NOISE = "line_noise"
    HUM = "hum"


def make(name: SoundName, seconds: float, *, seed: int) -> Pcm:
    """So many seconds of it. Blocks, for minutes where recordings must be fetched first. Raises SetupError."""
    return _MAKERS[name](seconds, seed)


def _people(seed: int) -> list[Pcm]:
    roots = bundles(["prompts", "voices"])
    recordings = [*prompts(roots["prompts"]), *voices(roots["voices"])]
    clips: list[Pcm] = []
    for index in np.random.default_rng(seed).permutation(len(recordings)):
        clip = read_wav(recordings[index].path)
        if len(clip) >= SHORTEST_CLIP_S * RATE and energy_span(clip).length:
            clips.append(clip)
        if len(clips) == CLIPS:
            break
    return clips


def _hold_music(seconds: float, seed: int) -> Pcm:
    files = sorted(bundle("music").glob("usr/share/asterisk/moh/*.wav"))
    if not files:
        raise SetupError("The bundle of hold music holds none.")
    music = read_wav(files[seed % len(files)])
    return np.resize(music, round(seconds * RATE))


_MAKERS: Mapping[SoundName, Callable[[float, int], Pcm]] = {
    SoundName.TALK: lambda seconds, seed: talk(_people(seed), seconds, seed=seed),
    SoundName.BABBLE: lambda seconds, seed: babble(_people(seed), seconds, seed=seed),
    SoundName.HOLD_MUSIC: _hold_music,
    SoundName.FAX_CALLING: lambda seconds, _seed: fax_calling(seconds),
    SoundName.FAX_ANSWERING: lambda seconds, seed: fax_answering(seconds, seed=seed),
    SoundName.RINGBACK: lambda seconds, _seed: progress_tone(RINGBACK[0], seconds),
    SoundName.BUSY: lambda seconds, _seed: progress_tone(BUSY[0], seconds),
    SoundName.LINE_NOISE: lambda seconds, seed: line_noise(seconds, seed=seed),
    SoundName.HUM: lambda seconds, _seed: hum(seconds),
}
