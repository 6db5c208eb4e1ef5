"""What the caller hears: one frame per 20 ms from start to close, and which samples of it were really sent."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from agent.media.audiosocket import Kind, encode
from agent.media.clock import Clock, Timer
from agent.media.outcome import Outcome
from agent.media.schedule import FRAME_BYTES, Schedule
from agent.media.statistics import FrameStatistics

SILENCE: Final = encode(Kind.SLIN_8K, bytes(FRAME_BYTES))
_HEADER: Final = SILENCE[:-FRAME_BYTES]


class FrameSink(Protocol):
    """Where frames go."""

    def ready(self) -> bool:
        """Whether a frame would be sent at once. False: what was sent before is still waiting for the peer."""
        ...

    def write(self, frame: bytes) -> None:
        """Send one encoded frame in one write."""
        ...

    def withheld(self) -> None:
        """Told in place of `write` for each slot in which it was not `ready`."""
        ...


class Clip:
    """One piece of sound in the queue of a playout."""

    def __init__(self, pcm: bytes) -> None:
        if len(pcm) % 2:
            raise ValueError(f"{len(pcm)} bytes are not whole 16-bit samples")
        self.samples = len(pcm) // 2
        """Length in samples of 1/8000 s."""
        self.started: Outcome[float | None] = Outcome()
        """Clock time at which its first sample was sent; None where none ever was."""
        self.done: Outcome[bool] = Outcome()
        """True: sent to its last sample, which is heard one frame and the network's delay later. False: cut."""
        self._pcm = pcm
        self._position = 0

    @property
    def sent(self) -> int:
        """Samples written to the socket so far; final once `done`."""
        return self._position // 2

    def take(self, count: int, now: float) -> bytes:
        """Up to `count` bytes that are sent now."""
        chunk = self._pcm[self._position : self._position + count]
        self._position += len(chunk)
        self.started.settle(now)
        if self._position == len(self._pcm):
            self._finish(played=True)
        return chunk

    def cut(self) -> None:
        """What was not sent yet never will be."""
        self.started.settle(None)
        self._finish(played=not self.samples)

    def _finish(self, *, played: bool) -> None:
        self._pcm = b""
        self.done.settle(played)


class Playout:
    """Sends a frame in every slot of its schedule, with what is queued or else silence.

    A frame for which the sink is not ready is withheld: its slot passes and its sound waits for the next one, so a peer
    that stopped reading finds no backlog when it goes on.
    """

    def __init__(self, sink: FrameSink, clock: Clock) -> None:
        self.statistics = FrameStatistics()
        self._sink = sink
        self._clock = clock
        self._schedule = Schedule(clock.time())
        self._timer: Timer | None = None
        self._clips: deque[Clip] = deque()
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether anything but silence is left to send."""
        return bool(self._clips)

    @property
    def frames_sent(self) -> int:
        """Frames written to the socket."""
        return self.statistics.sent

    @property
    def frames_late(self) -> int:
        """See FrameStatistics.late."""
        return self.statistics.late

    def start(self) -> None:
        """Send the first frame now and one every 20 ms from here on."""
        self._schedule = Schedule(self._clock.time())
        self._tick()

    def play(self, pcm: bytes) -> Clip:
        """Queue sound of any length: 8 kHz signed 16-bit little-endian mono. Raises ValueError for half a sample.

        Clips follow each other without a gap; the last frame is filled with silence only where nothing follows at once.
        After the end of the stream the clip is `done` as cut, with nothing sent.
        """
        clip = Clip(pcm)
        if self._closed or not clip.samples:
            clip.cut()
        else:
            self._clips.append(clip)
        return clip

    def stop(self) -> None:
        """Drop all that was not sent; the caller hears silence from the next frame on."""
        clips, self._clips = self._clips, deque()
        for clip in clips:
            clip.cut()

    def close(self) -> None:
        """Send no more frames."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self.stop()

    def _tick(self) -> None:
        now = self._clock.time()
        if self._sink.ready():
            self._sink.write(self._next_frame(now))
            self.statistics.record(now, self._schedule.take(now))
        else:
            self.statistics.miss(self._schedule.take(now))
            self._sink.withheld()
        if not self._closed:
            self._timer = self._clock.call_at(self._schedule.due, self._tick)

    def _next_frame(self, now: float) -> bytes:
        if not self._clips:
            return SILENCE
        missing = FRAME_BYTES
        parts = [_HEADER]
        while self._clips and missing:
            part = self._clips[0].take(missing, now)
            missing -= len(part)
            parts.append(part)
            if self._clips[0].done.done():
                self._clips.popleft()
        parts.append(bytes(missing))
        return b"".join(parts)
