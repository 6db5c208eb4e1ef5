"""Records the calls of this process, each in a task of its own, and tells what became of each recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import structlog

from agent.domain.events import CallChanged, Event, EventSink, RecordingChanged
from agent.domain.recording import Consent, ConsentBy, Recording, RecordingFormat, RecordingStatus
from agent.media.recorder import mend, size_of
from agent.media.schedule import SAMPLE_RATE
from agent.media.tap import Tap, TapReader
from agent.recordings.call_recording import CAPACITY, WRITE_FAILED, CallRecording
from agent.recordings.folder import RecordingsFolder
from agent.recordings.opus import EncodingError, OpusEncoder, check_program
from agent.settings import RecordingsSettings

log = structlog.get_logger()

THREADS: Final = 2  # a slow write of one call holds up no other, unless the disk itself stands still
CLOSE_S: Final = 10.0

Decided = Callable[[Consent, ConsentBy | None], None]
T = TypeVar("T")


class Studio:
    """An EventSink, told of calls after the record was; belongs to one event loop."""

    def __init__(
        self, settings: RecordingsSettings, sink: EventSink, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`sink` is told of each recording. Raises ConfigurationError where recordings cannot be kept as wanted."""
        check_program(settings)
        self.folder = RecordingsFolder.of(settings)
        self.failed = 0
        """Recordings that could not be written to their end."""
        self.lost_pieces = 0
        """Pieces of 20 ms that the disk was too slow for; they are silence in the recordings."""
        self._format = settings.format
        self._sink = sink
        self._now = now
        self._threads = ThreadPoolExecutor(THREADS, "recordings")
        self._over: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._encoder = OpusEncoder()

    @property
    def active(self) -> int:
        """Recordings that are not complete yet."""
        return len(self._tasks)

    def __call__(self, event: Event) -> None:
        """See EventSink: what is told of a recording comes after the end of its call."""
        if isinstance(event, CallChanged) and event.call.status.terminal:
            over = self._over.pop(event.call_id, None)
            if over is not None:
                over.set()

    def decides(self, call_id: str, tap: Tap) -> Decided:
        """What a call is to tell when its caller has been told or has answered: from then on, or never."""

        def decided(consent: Consent, answered_by: ConsentBy | None) -> None:
            recording = Recording(RecordingStatus.NOT_RECORDED, consent, answered_by, self._now())
            if consent.given:
                self._begin(call_id, tap.read(CAPACITY), recording)
            else:
                self._tell(call_id, recording)

        return decided

    def recover(self, unfinished: Iterable[tuple[str, Recording]]) -> None:
        """Complete what a process that was killed left behind."""
        for call_id, recording in unfinished:
            self._spawn(self._mended(call_id, recording))

    async def close(self) -> None:
        """Complete the recordings of the last calls. After CLOSE_S nothing more is made smaller."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
        self._encoder.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._threads.shutdown(wait=False)

    def _begin(self, call_id: str, reader: TapReader, recording: Recording) -> None:
        started = replace(recording, status=RecordingStatus.RECORDING, format=RecordingFormat.WAV)
        self._tell(call_id, started)
        over = self._over[call_id] = asyncio.Event()
        self._spawn(self._recorded(call_id, reader, started, over))

    async def _recorded(self, call_id: str, reader: TapReader, started: Recording, over: asyncio.Event) -> None:
        path = self.folder.path(call_id, RecordingFormat.WAV)
        written = await CallRecording(path, reader, self._threads).run()
        self.lost_pieces += written.lost
        if written.error or written.lost:
            log.warning("recording.incomplete", call_id=call_id, code=written.error, lost_pieces=written.lost)
        await over.wait()
        ended = replace(started, seconds=written.seconds, size=written.size or None, error=written.error)
        await self._complete(call_id, ended)

    async def _mended(self, call_id: str, recording: Recording) -> None:
        path = self.folder.path(call_id, RecordingFormat.WAV)
        try:
            count = await self._in_thread(lambda: mend(path))
            ended = replace(recording, seconds=count / SAMPLE_RATE, size=size_of(count))
        except (OSError, ValueError) as error:
            log.warning("recording.not_recovered", call_id=call_id, why=type(error).__name__)
            ended = replace(recording, error=WRITE_FAILED)
        await self._complete(call_id, ended)

    async def _complete(self, call_id: str, ended: Recording) -> None:
        if ended.error is not None:
            self.failed += 1
        elif self._format is RecordingFormat.OPUS and ended.seconds:
            ended = await self._made_smaller(call_id, ended)
        if not ended.size:
            await self._in_thread(lambda: self.folder.remove(call_id))
        status = RecordingStatus.READY if ended.error is None else RecordingStatus.FAILED
        self._tell(call_id, replace(ended, status=status))

    async def _made_smaller(self, call_id: str, ended: Recording) -> Recording:
        """As Opus; as it is where that fails, or the server stops."""
        wav, opus = (self.folder.path(call_id, one) for one in (RecordingFormat.WAV, RecordingFormat.OPUS))
        try:
            if not await self._encoder.encode(wav, opus):
                return ended
            size = await self._in_thread(lambda: opus.stat().st_size)
            await self._in_thread(wav.unlink)
        except (EncodingError, OSError) as error:
            log.warning("recording.not_encoded", call_id=call_id, problem=str(error))
            return ended
        return replace(ended, format=RecordingFormat.OPUS, size=size)

    def _tell(self, call_id: str, recording: Recording) -> None:
        self._sink(RecordingChanged(call_id, self._now(), recording=recording))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="recording")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("recording.task_failed", exc_info=error)
