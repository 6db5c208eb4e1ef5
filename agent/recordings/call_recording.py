"""Writes the sound of one call as it passes: from the caller's consent to the end of the stream."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.media.recorder import TwoTrackRecorder
from agent.media.schedule import SAMPLE_RATE
from agent.media.tap import Side, Sound, TapReader

BATCH: Final = 50  # pieces: half a second of both sides
CAPACITY: Final = 1000  # pieces: a disk that stands still for ten seconds loses nothing; 320 kB a call
DISK_FULL, WRITE_FAILED = "disk_full", "write_failed"


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it."""

    seconds: float
    size: int
    """In bytes; 0: there is no file that could be played."""
    lost: int
    """Pieces of 20 ms that the disk was too slow for."""
    error: str | None = None


class CallRecording:
    """One file with the caller on the left and the agent on the right, on one clock that starts with the recording.

    All work on the file is done in threads.
    """

    def __init__(self, path: Path, reader: TapReader, threads: Executor) -> None:
        """`reader` gives what passes from the moment on at which the caller had consented."""
        self._path = path
        self._reader = reader
        self._threads = threads
        self._recorder: TwoTrackRecorder | None = None
        self._zero: int | None = None

    async def run(self) -> Written:
        """Write until the stream ends, or nothing more can be written. Never raises but when it is cancelled."""
        error = None
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, self._open)
            while batch := await self._reader.read(at_least=BATCH):
                await loop.run_in_executor(self._threads, self._write, batch)
            await loop.run_in_executor(self._threads, self._close)
        except OSError as failure:
            error = DISK_FULL if failure.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} else WRITE_FAILED
        size = await loop.run_in_executor(self._threads, self._abandon)
        samples = 0 if self._recorder is None else self._recorder.on_disk
        return Written(round(samples / SAMPLE_RATE, 3), 0 if error and not samples else size, self._reader.lost, error)

    def _open(self) -> None:
        self._recorder = TwoTrackRecorder(self._path)

    def _write(self, batch: Sequence[Sound]) -> None:
        if self._recorder is None:
            return
        if self._zero is None:
            self._zero = next((sound.at for sound in batch if sound.side is Side.AGENT), batch[0].at)
        for sound in batch:
            early = max(0, self._zero - sound.at)
            pcm, at = sound.pcm[2 * early :], max(0, sound.at - self._zero)
            if pcm:
                write = self._recorder.write_left if sound.side is Side.CALLER else self._recorder.write_right
                write(pcm, at)

    def _close(self) -> None:
        if self._recorder is not None:
            self._recorder.close()

    def _abandon(self) -> int:
        """Let go of the file, also after a failure; its size."""
        if self._recorder is None:
            return 0
        self._recorder.abandon()
        try:
            return self._path.stat().st_size
        except OSError:
            return 0
