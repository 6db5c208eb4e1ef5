"""What the softphone says: clips at exact positions over an optional background. Pure; for one thread at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from agent.testing.softphone.rtp import FRAME, Pcm, key_press

KEY_FRAMES = 6  # 120 ms: long enough for every receiver
KEY_GAP_FRAMES = 5  # 100 ms between two keys
RELAYED_FRAMES = 4  # 80 ms: what two telephones' clocks and threads may be apart; more would only be delay
MOUTHFUL = 1 << 22  # samples, nearly 9 minutes: nobody says more at once


@dataclass(slots=True)
class Clip:
    """Sound on its way out."""

    start: int
    """Position of its first sample."""
    pcm: Pcm
    on_done: Callable[[], None]

    @property
    def end(self) -> int:
        """Position after its last sample."""
        return self.start + len(self.pcm)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One frame to be sent."""

    pcm: Pcm
    """Silence while a key is pressed."""
    events: tuple[tuple[bytes, bool], ...] = ()
    """Telephone-event payloads in place of sound; the flag marks the first of a key press."""


@dataclass(slots=True)
class Keys:
    """Keys on their way out."""

    frames: deque[tuple[tuple[bytes, bool], ...]]
    on_done: Callable[[], None]


@dataclass(slots=True)
class SpeechQueue:
    """Clips and keys in the order of their positions."""

    background: Pcm | None = None
    """Loops for the whole call, at the level that it has."""
    _clips: deque[Clip] = field(default_factory=deque)
    _keys: deque[Keys] = field(default_factory=deque)
    _relayed: deque[Pcm] = field(default_factory=lambda: deque(maxlen=RELAYED_FRAMES))

    def relay(self, pcm: Pcm) -> None:
        """Mix a whole frame of another call's sound into the next one that is sent; others are dropped."""
        if len(pcm) == FRAME:
            self._relayed.append(pcm)

    def say(self, pcm: Pcm, *, at: int, on_done: Callable[[], None]) -> Clip:
        """Queue sound for `at` or, where others are queued, after the last of them."""
        if len(pcm) > MOUTHFUL:
            raise ValueError(f"{len(pcm)} samples are too many for one clip")
        start = max(at, self._clips[-1].end) if self._clips else at
        clip = Clip(start, pcm, on_done)
        self._clips.append(clip)
        return clip

    def cut(self, clip: Clip, now: int) -> None:
        """Say no more of a clip than what was sent before `now`; unknown clips are over already."""
        if any(clip is one for one in self._clips):
            clip.start = min(clip.start, now)
            clip.pcm = clip.pcm[: now - clip.start]

    def press(self, keys: str, on_done: Callable[[], None]) -> None:
        """Queue key presses. Raises ValueError for what no telephone has."""
        frames: deque[tuple[tuple[bytes, bool], ...]] = deque()
        for key in keys:
            frames.extend(_by_frame(key))
            frames.extend([()] * KEY_GAP_FRAMES)
        self._keys.append(Keys(frames, on_done))

    def take(self, position: int) -> Outgoing:
        """The frame at `position`; called once for each frame."""
        events = self._take_events()
        if events:
            return Outgoing(np.zeros(FRAME, np.int16), events)
        mixed = np.zeros(FRAME, np.int32)
        for clip in self._clips:
            first, last = max(clip.start, position), min(clip.end, position + FRAME)
            if first < last:
                mixed[first - position : last - position] += clip.pcm[first - clip.start : last - clip.start]
        while self._clips and self._clips[0].end <= position + FRAME:
            self._clips.popleft().on_done()
        if self._relayed:
            mixed += self._relayed.popleft()
        if self.background is not None:
            mixed += self.background[np.arange(position, position + FRAME) % len(self.background)]
        return Outgoing(np.clip(mixed, -32768, 32767).astype(np.int16))

    def _take_events(self) -> tuple[tuple[bytes, bool], ...]:
        if not self._keys:
            return ()
        events = self._keys[0].frames.popleft() if self._keys[0].frames else ()
        if not self._keys[0].frames:
            self._keys.popleft().on_done()
        return events


def _by_frame(key: str) -> list[tuple[tuple[bytes, bool], ...]]:
    packets = list(key_press(key, frames=KEY_FRAMES))
    return [*((packet,) for packet in packets[: KEY_FRAMES - 1]), tuple(packets[KEY_FRAMES - 1 :])]
