"""Sentences with a pause put between two of their words, by chance in the middle of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.bench.conversation.heard_words import Word
from agent.bench.conversation.sounds import Sound, level_noise
from agent.testing.measure import Pcm, Span, energy_span
from agent.testing.softphone.rtp import RATE

EARLIEST, LATEST = 0.25, 0.75
"""The pause comes in this part of the sentence, by time."""
SEARCHED_S = 0.08
"""Word times are good to about 0.1 s: the quietest place so far around a boundary is taken for it."""
STEP = 40
ENDS = (".", "?", "!")
FADE = 24
"""3 ms: cut in mid-wave a voice would click."""


@dataclass(frozen=True, slots=True)
class Halves:
    """A sentence in two parts."""

    sound: Sound
    """The sentence as a whole."""
    first: Pcm
    second: Pcm
    before: str
    """The last word before the cut."""


@dataclass(frozen=True, slots=True)
class Paused:
    """A sentence with a pause in it."""

    halves: Halves
    pcm: Pcm
    planned_s: float
    """The pause as it was asked for."""
    pause: Span
    """The pause as it is, from the last energy before it to the first after it; samples from the sentence's onset."""


def paused(halves: Halves, planned_s: float, chance: random.Random) -> Paused:
    """The sentence with a pause, filled with noise as loud as its own."""
    before, after = energy_span(halves.first), energy_span(halves.second)
    own = len(halves.first) - before.end + after.start
    noise = level_noise(halves.sound.pcm, max(0.0, planned_s - own / RATE), chance)
    whole = np.concatenate([halves.first, noise, halves.second])
    pause = Span(before.end - before.start, len(halves.first) + len(noise) + after.start - before.start)
    return Paused(halves, whole, planned_s, pause)


def boundaries(words: Sequence[Word], length_s: float) -> list[int]:
    """Indices of the words before which a pause can come: those in the middle that begin no new sentence."""
    return [
        index
        for index, word in enumerate(words)
        if index > 0
        and not words[index - 1].text.endswith(ENDS)
        and EARLIEST * length_s <= _between(words[index - 1], word) <= LATEST * length_s
    ]


def halved(sound: Sound, words: Sequence[Word], index: int) -> Halves:
    """The sentence cut before the word `index`, at the quietest place near the boundary."""
    at = quietest(sound.pcm, round(_between(words[index - 1], words[index]) * RATE))
    first, second = sound.pcm[:at].astype(np.float64), sound.pcm[at:].astype(np.float64)
    first[-FADE:] *= np.linspace(1, 0, len(first[-FADE:]))
    second[:FADE] *= np.linspace(0, 1, len(second[:FADE]))
    return Halves(sound, first.astype(np.int16), second.astype(np.int16), words[index - 1].text)


def quietest(pcm: Pcm, near: int) -> int:
    """The middle of the quietest 10 ms within SEARCHED_S of a position."""
    low = max(STEP, near - round(SEARCHED_S * RATE))
    places = range(low, max(low + 1, min(len(pcm) - STEP, near + round(SEARCHED_S * RATE))), STEP // 2)
    return min(places, key=lambda at: float(np.mean(np.square(pcm[at - STEP : at + STEP].astype(np.float64)))))


def _between(before: Word, after: Word) -> float:
    return (before.end + after.start) / 2
