"""Both sides of a call as they pass, for whoever records or listens: never in the way of the sound itself."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import StrEnum
from typing import Final, NamedTuple

from agent.media.clock import Clock
from agent.media.pcm import rms_dbfs
from agent.media.schedule import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE

JITTER_SAMPLES: Final = SAMPLE_RATE // 5  # 200 ms: sound that comes so late or early still follows what came before it
MOST_AHEAD: Final = 2 * SAMPLE_RATE  # a burst puts the caller's track so far ahead of the clock, and no further
QUIET_DBFS: Final = -45.0  # below soft speech on a telephone: may be left out to be on time again
CAPACITY: Final = 500  # pieces, 5 s of both sides: 160 kB


class Side(StrEnum):
    """Whose sound it is."""

    CALLER = "caller"
    AGENT = "agent"


class Sound(NamedTuple):
    """A piece of one side: 8 kHz signed 16-bit little-endian mono."""

    side: Side
    at: int
    """Where its first sample belongs: samples since the stream began, on one clock for both sides."""
    pcm: bytes


class TapReader:
    """One subscriber's queue. Whoever is so late that it is full loses what is in it, and goes on with the present."""

    def __init__(self, capacity: int) -> None:
        self.lost = 0
        """Pieces that were not read in time."""
        self._capacity = capacity
        self._waiting: deque[Sound] = deque()
        self._closed = False
        self._wanted = 0
        self._wake: asyncio.Future[None] | None = None

    async def read(self, at_least: int = 1) -> list[Sound]:
        """All pieces that wait, `at_least` so many unless the stream ends before; none: it has ended.

        In the order of their coming; of one side they are in order, with gaps where nothing came. For one task.
        """
        self._wanted = min(at_least, self._capacity)
        while len(self._waiting) < self._wanted and not self._closed:
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        found = list(self._waiting)
        self._waiting.clear()
        return found

    def put(self, sound: Sound) -> None:
        """Add a piece, without ever waiting."""
        if self._closed:
            return
        if len(self._waiting) >= self._capacity:
            self.lost += len(self._waiting)
            self._waiting.clear()
        self._waiting.append(sound)
        if len(self._waiting) >= self._wanted:
            self._rouse()

    def close(self) -> None:
        """Nothing follows; what waits is still read."""
        self._closed = True
        self._rouse()

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


class Tap:
    """Gives each piece its place in time and hands it to every reader.

    The agent's sound has the place of its slot. A telephone's comes unevenly, and not at all while it is muted: it
    follows what came before it, or after a pause of more than JITTER_SAMPLES has the place of its arrival. Where a
    burst got ahead of the clock, quiet pieces are left out until it is on time again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.time()
        self._readers: set[TapReader] = set()
        self._closed = False
        self._caller_end: int | None = None
        self._catching_up = False

    def start(self) -> None:
        """The clock of the stream begins now."""
        self._start = self._clock.time()

    def read(self, capacity: int = CAPACITY) -> TapReader:
        """What passes from now on, for one reader; give it back with `leave`. `capacity` in pieces, 100 a second."""
        reader = TapReader(capacity)
        if self._closed:
            reader.close()
        else:
            self._readers.add(reader)
        return reader

    def leave(self, reader: TapReader) -> None:
        """It wants no more; may be called again."""
        self._readers.discard(reader)
        reader.close()

    def heard(self, pcm: bytes) -> None:
        """Sound of the caller has just come, of any whole number of samples."""
        if not self._readers:
            self._caller_end = None
            return
        arrived = round((self._clock.time() - self._start) * SAMPLE_RATE)
        count = len(pcm) // 2
        at = arrived - count if self._caller_end is None else self._caller_end
        ahead = at + count - arrived
        if ahead < -JITTER_SAMPLES:
            at = arrived - count
        if self._is_left_out(ahead, pcm):
            return
        at = max(0, at)
        self._caller_end = at + count
        self._tell(Sound(Side.CALLER, at, pcm))

    def played(self, frame: bytes, slot: int) -> None:
        """A frame of the agent, its sound at its end, was sent in the slot of that number."""
        if self._readers:
            self._tell(Sound(Side.AGENT, slot * FRAME_SAMPLES, frame[-FRAME_BYTES:]))

    def close(self) -> None:
        """The stream is over."""
        self._closed = True
        for reader in self._readers:
            reader.close()
        self._readers.clear()

    def _is_left_out(self, ahead: int, pcm: bytes) -> bool:
        self._catching_up = ahead > JITTER_SAMPLES or (self._catching_up and ahead > FRAME_SAMPLES)
        return self._catching_up and (ahead > MOST_AHEAD or rms_dbfs(pcm) < QUIET_DBFS)

    def _tell(self, sound: Sound) -> None:
        for reader in self._readers:
            reader.put(sound)
