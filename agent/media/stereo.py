"""Both sides of a call as one sound in two channels, block by block. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from agent.media.pcm import samples
from agent.media.schedule import FRAME_SAMPLES, SAMPLE_RATE
from agent.media.tap import Side, Sound

BLOCK_SAMPLES: Final = 5 * FRAME_SAMPLES  # 100 ms: ten messages a second are light, and no listener minds the wait
LAG_SAMPLES: Final = 5 * FRAME_SAMPLES  # a telephone's sound may come so much later than the agent's of the same moment
LONGEST_SILENCE: Final = 2 * SAMPLE_RATE  # a longer hole was not silence: the reader was too slow, and it is left out
_CHANNEL: Final = {Side.CALLER: 0, Side.AGENT: 1}


class Block(NamedTuple):
    """A piece of both sides."""

    at: int
    """Place of its first sample, as in Sound."""
    pcm: bytes
    """BLOCK_SAMPLES of 8 kHz signed 16-bit little-endian in two channels, interleaved: caller, agent."""


class Interleaver:
    """Puts pieces of both sides beside each other; what did not come in time is silence."""

    def __init__(self) -> None:
        self._start = 0
        self._end = 0
        """One after the last sample of either side."""
        self._both = np.zeros((0, 2), dtype="<i2")
        self._begun = False

    def feed(self, sounds: Iterable[Sound]) -> Iterator[Block]:
        """Add what came; blocks that are complete."""
        for sound in sounds:
            if self._begun and sound.at - self._end > LONGEST_SILENCE:
                yield from self.flush()
                self._begun = False
            self._add(sound)
            while self._end - self._start >= BLOCK_SAMPLES + LAG_SAMPLES:
                yield self._take()

    def flush(self) -> Iterator[Block]:
        """What is left at the end; the last block is filled with silence."""
        while self._end > self._start:
            yield self._take()

    def _add(self, sound: Sound) -> None:
        pcm = samples(sound.pcm)
        if not self._begun:
            self._begun = True
            self._start = self._end = sound.at
            self._both = self._both[:0]
        late = max(0, self._start - sound.at)
        first = sound.at + late - self._start
        last = first + len(pcm) - late
        if last <= first:
            return
        if last > len(self._both):
            self._both = np.concatenate([self._both, np.zeros((last - len(self._both), 2), dtype="<i2")])
        self._both[first:last, _CHANNEL[sound.side]] = pcm[late:]
        self._end = max(self._end, self._start + last)

    def _take(self) -> Block:
        taken, self._both = self._both[:BLOCK_SAMPLES], self._both[BLOCK_SAMPLES:]
        padding = np.zeros((BLOCK_SAMPLES - len(taken), 2), dtype="<i2")
        block = Block(self._start, np.concatenate([taken, padding]).tobytes())
        self._start += BLOCK_SAMPLES
        self._end = max(self._end, self._start)
        return block
