"""The recording of one call: two tracks on one clock, written as it goes, with bounded memory."""

from __future__ import annotations

import wave
from collections import deque
from pathlib import Path

import numpy as np

from agent.testing.softphone.rtp import RATE, Pcm

WINDOW = 8000  # samples, 1 s: so long a received packet can still be laid down
BLOCK = 1600  # samples: the file is written in pieces of 200 ms
HOLES_KEPT = 10_000  # positions without a packet that are remembered, newest first


class Tape:
    """Left: what was sent. Right: what was received. Silence where there is neither."""

    def __init__(self, path: Path) -> None:
        self.missing: deque[tuple[int, int]] = deque(maxlen=HOLES_KEPT)
        """Ranges [start, end) of the received track that no packet covers, as far as it was written."""
        self.overrun = 0
        """Samples that came for a part of the track that was written already."""
        self._file = wave.open(str(path), "wb")  # noqa: SIM115 -- open as long as the call; `close` closes it
        self._file.setnchannels(2)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)
        self._written = 0
        self._sent = np.zeros(WINDOW + 2 * BLOCK, np.int16)
        self._received = np.zeros_like(self._sent)
        self._covered = np.zeros(len(self._sent), bool)

    @property
    def length(self) -> int:
        """Samples in the file."""
        return self._written

    def put_sent(self, position: int, pcm: Pcm) -> None:
        """Lay down what was sent; `position` in samples from the start of the recording."""
        self._make_room(position + len(pcm))
        start = position - self._written
        self._sent[start : start + len(pcm)] = pcm

    def put_received(self, position: int, pcm: Pcm) -> None:
        """Lay down what was received; what lies before the window is counted and dropped."""
        gone = min(max(self._written - position, 0), len(pcm))
        self.overrun += gone
        self._make_room(position + len(pcm))
        start = position + gone - self._written
        kept = pcm[gone:]
        self._received[start : start + len(kept)] = kept
        self._covered[start : start + len(kept)] = True

    def advance(self, now: int) -> None:
        """Write what can no longer change, where `now` is the present position."""
        while now - self._written >= WINDOW + BLOCK:
            self._write(BLOCK)

    def close(self, end: int) -> None:
        """Write the rest, up to `end` samples in all, and close the file."""
        while self._written < end:
            self._write(min(BLOCK, end - self._written))
        self._file.close()

    def _make_room(self, end: int) -> None:
        """A packet from the future (its timestamps ran ahead) pushes older blocks to the file."""
        while end - self._written > len(self._sent):
            self._write(BLOCK)

    def _write(self, count: int) -> None:
        both = np.stack([self._sent[:count], self._received[:count]], axis=1)
        self._file.writeframesraw(both.astype("<i2").tobytes())
        self._note_missing(self._covered[:count])
        for track in (self._sent, self._received, self._covered):
            track[:-count] = track[count:]
            track[-count:] = 0
        self._written += count

    def _note_missing(self, covered: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        edges = np.flatnonzero(np.diff(np.concatenate([[True], covered, [True]])))
        for start, end in zip(edges[::2] + self._written, edges[1::2] + self._written, strict=True):
            joins = bool(self.missing) and self.missing[-1][1] == start
            first = self.missing.pop()[0] if joins else int(start)
            self.missing.append((first, int(end)))
