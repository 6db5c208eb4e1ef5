"""What the caller hears: one frame per 20 ms from start to close, and which samples of it were really sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from agent.media.audiosocket import Kind, encode
from agent.media.clock import Clock, Timer
from agent.media.outcome import Outcome
from agent.media.schedule import FRAME_BYTES, Schedule
from agent.media.statistics import FrameStatistics

SILENCE: Final = encode(Kind.SLIN_8K, bytes(FRAME_BYTES))
_HEADER: Final = SILENCE[:-FRAME_BYTES]
FADE_SAMPLES: Final = 80  # 10 ms: a cut in mid-wave clicks, and so does a start
_RAMP: Final = np.linspace(0, 1, FADE_SAMPLES, dtype=np.float32)


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

    def peek(self, count: int) -> bytes:
        """Up to `count` bytes that would be sent next; nothing before its first and after its last sample."""
        return self._pcm[self._position : self._position + count] if self._position else b""

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

    def __init__(self, sink: FrameSink, clock: Clock, sent: Callable[[bytes, int], None] | None = None) -> None:
        """`sent` is told of each frame, as it was encoded, and of the number of its slot."""
        self.statistics = FrameStatistics()
        self._sink = sink
        self._sent = sent
        self._clock = clock
        self._schedule = Schedule(clock.time())
        self._timer: Timer | None = None
        self._clips: deque[Clip] = deque()
        self._closed = False
        self._paused = False
        self._withheld = False
        self._fading = b""
        self._fade_in = False

    @property
    def busy(self) -> bool:
        """Whether anything but silence is left to send, now or after a pause."""
        return bool(self._clips)

    @property
    def paused(self) -> bool:
        """Whether what is queued waits for `resume`."""
        return self._paused

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

    def pause(self) -> None:
        """Hold all that was not sent; the caller hears 10 ms that fade and then silence.

        What fades counts as not sent: `resume` goes on from the same sample, so that nothing is lost.
        """
        if not self._paused:
            self._paused = True
            self._fade_out()

    def resume(self) -> None:
        """Go on from where `pause` held it; does nothing where nothing is held."""
        if self._paused:
            self._paused = False
            self._fading = b""
            self._fade_in = bool(self._clips and self._clips[0].peek(1))

    def withhold(self) -> None:
        """Nobody is at the other end: what is queued from now on waits for `release`, whatever else is asked for."""
        self._withheld = True

    def release(self) -> None:
        """Somebody is again."""
        self._withheld = False

    def stop(self) -> None:
        """Drop all that was not sent; the caller hears 10 ms that fade and then silence. A pause ends with it."""
        if not self._paused:
            self._fade_out()
        self._paused = self._fade_in = False
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
            frame, slot = self._next_frame(now), self._schedule.take(now)
            self._sink.write(frame)
            self.statistics.record(now, slot)
            if self._sent is not None:
                self._sent(frame, slot.number)
        else:
            self.statistics.miss(self._schedule.take(now))
            self._sink.withheld()
        if not self._closed:
            self._timer = self._clock.call_at(self._schedule.due, self._tick)

    def _fade_out(self) -> None:
        if self._clips:
            rest = np.frombuffer(self._clips[0].peek(2 * FADE_SAMPLES), "<i2")
            self._fading = (rest * _RAMP[::-1][: len(rest)]).astype("<i2").tobytes()

    def _next_frame(self, now: float) -> bytes:
        if self._fading:
            fading, self._fading = self._fading, b""
            return _HEADER + fading.ljust(FRAME_BYTES, b"\0")
        if self._paused or self._withheld or not self._clips:
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
        if self._fade_in:
            self._fade_in = False
            parts = [_HEADER, _faded_in(b"".join(parts[1:]))]
        return b"".join(parts)


def _faded_in(pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm, "<i2").copy()
    samples[:FADE_SAMPLES] = samples[:FADE_SAMPLES] * _RAMP
    return samples.tobytes()
