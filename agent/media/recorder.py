"""A recording with the caller on the left and the agent on the right, written to disk as it goes."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np

from agent.media.pcm import samples
from agent.media.schedule import SAMPLE_RATE

HEADER_BYTES: Final = 44
FRAME_BYTES: Final = 4  # one 16-bit sample of each side
FLUSH_SAMPLES: Final = SAMPLE_RATE // 2  # a crash loses at most half a second of each side
MAX_SAMPLES: Final = (2**32 - 1 - HEADER_BYTES) // FRAME_BYTES  # the sizes of a WAV have 32 bits: 37 hours


class _Track:
    """Sound of one side that is not on disk yet: contiguous, from `start`."""

    def __init__(self, channel: int) -> None:
        self.channel = channel
        self.start = 0
        self.pcm = bytearray()

    @property
    def end(self) -> int:
        return self.start + len(self.pcm) // 2


class TwoTrackRecorder:
    """Writes a stereo WAV, 8 kHz signed 16-bit; positions are samples on one clock that starts at 0.

    Sides may be written in any order and far apart; what nobody wrote is silence, what is written twice is what was
    written last. Memory is bounded by FLUSH_SAMPLES a side. The header is kept right with every flush, so that the
    file can be played after a crash. Raises OSError where the file cannot be written; what was written before stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left, self._right = _Track(0), _Track(1)
        self._samples = 0
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self._write_header()
        except OSError:
            self.abandon()
            raise

    @property
    def samples(self) -> int:
        """Length so far."""
        return max(self._samples, self._left.end, self._right.end)

    @property
    def on_disk(self) -> int:
        """The part of it that whoever reads the file finds."""
        return self._samples

    def write_left(self, pcm: bytes, at: int) -> None:
        """Add the caller's sound from sample `at` on. Raises ValueError for a position before 0 or past MAX_SAMPLES."""
        self._write(self._left, pcm, at)

    def write_right(self, pcm: bytes, at: int) -> None:
        """Add the agent's sound, likewise."""
        self._write(self._right, pcm, at)

    def close(self) -> None:
        """Write what is left; may be called again."""
        if self._fd >= 0:
            self._flush(self._left)
            self._flush(self._right)
            os.close(self._fd)
            self._fd = -1

    def abandon(self) -> None:
        """Let go of the file as it is, which never fails; may be called again."""
        if self._fd >= 0:
            self._left.pcm.clear()
            self._right.pcm.clear()
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> TwoTrackRecorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, track: _Track, pcm: bytes, at: int) -> None:
        if len(pcm) % 2 or at < 0 or at + len(pcm) // 2 > MAX_SAMPLES:
            raise ValueError(f"{len(pcm)} bytes at sample {at} cannot be recorded")
        if self._fd < 0:
            raise ValueError("the recording is closed")
        if at != track.end:
            self._flush(track)
            track.start = at
        track.pcm += pcm
        if len(track.pcm) >= 2 * FLUSH_SAMPLES:
            self._flush(track)

    def _flush(self, track: _Track) -> None:
        if not track.pcm:
            return
        count = len(track.pcm) // 2
        offset = HEADER_BYTES + track.start * FRAME_BYTES
        stored = os.pread(self._fd, count * FRAME_BYTES, offset)
        both = np.frombuffer(bytearray(stored.ljust(count * FRAME_BYTES, b"\0")), dtype="<i2").reshape(-1, 2)
        both[:, track.channel] = samples(bytes(track.pcm))
        _write_all(self._fd, both.tobytes(), offset)
        self._samples = max(self._samples, track.end)
        track.pcm.clear()
        self._write_header()

    def _write_header(self) -> None:
        _write_all(self._fd, _header(self._samples), 0)


def mend(path: Path) -> int:
    """Make the header say what the file holds, after whoever wrote it was killed; its length in samples.

    Raises OSError, and ValueError where the file is none of ours.
    """
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        size = os.fstat(fd).st_size
        if size < HEADER_BYTES or os.pread(fd, 4, 0) != b"RIFF":
            raise ValueError(f"{path.name} is no recording")
        count = min((size - HEADER_BYTES) // FRAME_BYTES, MAX_SAMPLES)
        os.ftruncate(fd, HEADER_BYTES + count * FRAME_BYTES)
        _write_all(fd, _header(count), 0)
        return count
    finally:
        os.close(fd)


def size_of(count: int) -> int:
    """Bytes of a recording of `count` samples."""
    return HEADER_BYTES + count * FRAME_BYTES


def _write_all(fd: int, data: bytes, offset: int) -> None:
    """A disk that becomes full takes a part first, and refuses the rest."""
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written


def _header(count: int) -> bytes:
    """The canonical 44 bytes of a PCM WAV (Microsoft's Multimedia Programming Interface 1.0, 1991)."""
    size = count * FRAME_BYTES
    riff = struct.pack("<4sI4s", b"RIFF", size + HEADER_BYTES - 8, b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, SAMPLE_RATE, SAMPLE_RATE * FRAME_BYTES, FRAME_BYTES, 16)
    return riff + form + struct.pack("<4sI", b"data", size)
