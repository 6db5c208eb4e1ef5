"""What callers of the rows on behaviour utter: sounds with their words and origin, drawn by a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import soxr

from agent.asterisk.recordings import Recording
from agent.rehearsal.props import read_wav
from agent.testing.measure import Pcm, energy_span
from agent.testing.noise import speech_at_level
from agent.testing.voice import CallerVoice

Item = TypeVar("Item")

VOICE_SPREAD = 0.12
"""The test voice is played slower or faster by up to so much, pitch and mouth with it: as if others spoke."""
HIBARI = "hibari"
"""Origin of what the test voice says."""
EDGE = 400
"""So many samples (50 ms) are left before and after the energy of a clip that is joined with others."""
QUIET_WINDOW, QUIETEST_PERCENT = 80, 5
"""A recording's noise is the level that 5 % of its windows of 10 ms do not exceed."""
LOUDEST_FLOOR_DBFS = -50.0
"""A sentence without a gap shows no noise of its own: louder than this it is speech."""
_ANNOTATED = re.compile(r"[()<>\[\]*#]")


@dataclass(frozen=True, slots=True)
class Sound:
    """Something that can be uttered."""

    pcm: Pcm
    """8 kHz, speech at the level of the test voice."""
    text: str
    """The words in it; empty for noises."""
    origin: str
    """`hibari`, the folder of a recorded voice, or how it was synthesised."""

    @property
    def recorded(self) -> bool:
        """Whether a person was recorded."""
        return self.origin in {"prompts", "librivox"}


async def spoken(texts: Sequence[str], chance: random.Random) -> list[Sound]:
    """Each text in the test voice, each time as another speaker. Raises SetupError where the voice fails."""
    voice = CallerVoice()
    await voice.prepare(texts)
    return [Sound(_as_another(await voice.speak(text), chance), text, HIBARI) for text in texts]


def recorded(recording: Recording) -> Sound:
    """A recorded voice. Raises ConfigurationError for a file that cannot be used."""
    origin = "librivox" if "librivox" in recording.path.parts else "prompts"
    return Sound(speech_at_level(read_wav(recording.path)), recording.text, origin)


def plain(recordings: Iterable[Recording]) -> list[Recording]:
    """Those whose text is nothing but the words that are said: no remarks, no symbols that are read out."""
    return [one for one in recordings if not _ANNOTATED.search(one.text)]


def tight(pcm: Pcm, *, edge: int = EDGE) -> Pcm:
    """A clip without the silence before and after it."""
    span = energy_span(pcm)
    return pcm[max(0, span.start - edge) : span.end + edge]


class Deck(Generic[Item]):
    """Draws by chance: nothing comes a second time before everything has come once."""

    def __init__(self, items: Iterable[Item], chance: random.Random) -> None:
        self._items = list(items)
        self._chance = chance
        self._left: list[Item] = []

    def draw(self) -> Item:
        """The next one. Raises IndexError where there is nothing."""
        if not self._left:
            self._left = self._chance.sample(self._items, len(self._items))
        return self._left.pop()


def rest(seconds: float) -> Pcm:
    """Silence for so long; the noise of the line lies over it in a call."""
    return np.zeros(round(seconds * 8000), np.int16)


def level_noise(pcm: Pcm, seconds: float, chance: random.Random) -> Pcm:
    """Noise as loud as the quietest moments of a recording, for pauses put into it; within bounds."""
    if len(pcm) < QUIET_WINDOW:
        return rest(seconds)
    windows = pcm[: len(pcm) // QUIET_WINDOW * QUIET_WINDOW].astype(np.float64).reshape(-1, QUIET_WINDOW)
    quietest = float(np.percentile(np.sqrt(np.mean(windows**2, axis=1)), QUIETEST_PERCENT))
    floor = min(quietest, 32768 * 10 ** (LOUDEST_FLOOR_DBFS / 20))
    noise = np.random.default_rng(chance.randrange(1 << 32)).standard_normal(round(seconds * 8000)) * floor
    return np.clip(np.round(noise), -32768, 32767).astype(np.int16)


def _as_another(pcm: Pcm, chance: random.Random) -> Pcm:
    factor = 1 + chance.uniform(-VOICE_SPREAD, VOICE_SPREAD)
    return np.asarray(soxr.resample(pcm, 8000, 8000 * factor, quality="HQ"), np.int16)
