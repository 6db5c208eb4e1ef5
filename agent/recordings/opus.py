"""Makes Opus in Ogg of a WAV, by the program opusenc: no library of a free licence writes it from a wheel.

A process of its own at lowest priority: sound of calls under way goes first.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from agent.domain.recording import RecordingFormat
from agent.errors import ConfigurationError, PhoneAgentError
from agent.recordings.folder import unfinished
from agent.settings import RecordingsSettings

PROGRAM: Final = "opusenc"
BITRATE_KBITS: Final = 32  # for both tracks; at 16 opusenc mixes them, from 24 on they stay 75 dB apart


class EncodingError(PhoneAgentError):
    """The program failed; the WAV is as it was."""

    code = "encoding_failed"


def check_program(settings: RecordingsSettings) -> None:
    """Raises ConfigurationError where Opus is wanted and nothing can make it."""
    if settings.format is RecordingFormat.OPUS and shutil.which(PROGRAM) is None:
        raise ConfigurationError(
            f'recordings.format: opus needs the program {PROGRAM} (Debian: apt-get install opus-tools); or write "wav".'
        )


class OpusEncoder:
    """One file after the other, until it is told to stop. Belongs to one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def encode(self, wav: Path, opus: Path) -> bool:
        """Make `opus`, which is there when it is complete and not before; False where the encoder was stopped.

        Raises EncodingError, OSError.
        """
        if self._stopped:
            return False
        task = asyncio.create_task(self._in_turn(wav, opus), name="opus")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
            await asyncio.wait({task})
        if task.cancelled():
            return False
        task.result()
        return True

    def stop(self) -> None:
        """End what is under way, and begin nothing more."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()

    async def _in_turn(self, wav: Path, opus: Path) -> None:
        async with self._turn:
            await _run(wav, opus)


async def _run(wav: Path, opus: Path) -> None:
    part = unfinished(opus)
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "--quiet", "--bitrate", str(BITRATE_KBITS), str(wav), str(part),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        process_group=0, umask=0o077,
    )  # fmt: skip
    with contextlib.suppress(ProcessLookupError):  # it has failed already
        os.setpriority(os.PRIO_PROCESS, process.pid, 19)
    done = False
    try:
        _, said = await process.communicate()
        if process.returncode:
            text = said.decode(errors="replace").strip()[-200:]
            raise EncodingError(f"{PROGRAM} ended with {process.returncode}: {text}")
        part.replace(opus)
        done = True
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if not done:
            part.unlink(missing_ok=True)
