"""Works through the calls that have ended, one after the other, and tells what came of each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.after_call import AfterCall
from agent.domain.event_types import EventType
from agent.domain.summary_resource import Findings
from agent.domain.turns import Turn
from agent.errors import LanguageModelError, StoreError
from agent.ids import new_id
from agent.store import calls, events, summaries, turns
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.summaries import Job

log = structlog.get_logger()

POLL_S = 5.0
"""Between looks for what other processes recorded or left, and for what is to be tried again."""
LEASE = timedelta(seconds=60)
RENEW_S = 20.0
"""A job may wait for hours until no caller needs the model: its lease is renewed as long as we live."""
RETRY_AFTER = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""The attempt after these is the last one."""


class WorksOut(Protocol):
    """See Summarizer."""

    async def work_out(self, turns: Sequence[Turn], wanted: AfterCall, *, language: str) -> Findings:
        """Raises LanguageModelError."""
        ...


class Clerk:
    """Belongs to one event loop. Several, in any number of processes, may share one database."""

    def __init__(
        self,
        store: Store,
        summarizer: WorksOut,
        *,
        server: str,
        told: Callable[[Sequence[StoredEvent]], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`server` names this server; `told` gets the public events that are on disk."""
        self._store = store
        self._summarizer = summarizer
        self._worker = f"{server}/{new_id('clerk')}"
        self._told = told
        self._clock = clock
        self._sleep = sleep
        self._bell = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Begin to work."""
        self._bell.set()
        self._tasks = (
            asyncio.create_task(self._run(), name="clerk"),
            asyncio.create_task(self._poll(), name="clerk poll"),
        )

    def wake(self) -> None:
        """There may be something to do: look at once."""
        self._bell.set()

    def recorded(self, stored: Sequence[StoredEvent]) -> None:
        """These are on disk, and with the end of a call what is to be done about it."""
        if any(event.type == EventType.CALL_ENDED for event in stored):
            self._bell.set()

    async def close(self) -> None:
        """Stop; what is under way is given back, and done after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                while await self.work_once():
                    pass
            except StoreError as error:
                log.warning("summary.store_failed", code=error.code, error=str(error))

    async def _poll(self) -> None:
        while True:
            await self._sleep(POLL_S)
            self._bell.set()

    async def work_once(self) -> bool:
        """Work through one call; False where none is due. Cancelled, it gives the call back. Raises StoreError."""
        now = self._clock()
        async with self._store.write() as connection:
            job = await summaries.claim(connection, worker=self._worker, now=now, until=now + LEASE)
        if job is None:
            return False
        try:
            await self._work(job)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                async with self._store.write() as connection:
                    await summaries.give_back(connection, job, worker=self._worker)
            raise
        return True

    async def _work(self, job: Job) -> None:
        if job.attempts > len(RETRY_AFTER) + 1:  # each time the process died over it
            await self._failed(job, "summary_interrupted")
            return
        async with self._store.read() as connection:
            said = await turns.of_call(connection, job.call_id)
        work = asyncio.create_task(
            self._summarizer.work_out(said, job.after_call, language=job.language), name=f"summary {job.call_id}"
        )
        keeping = asyncio.create_task(self._keep(job), name=f"lease of summary {job.call_id}")
        try:
            await asyncio.wait({work, keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, keeping):
                task.cancel()
            await asyncio.gather(work, keeping, return_exceptions=True)
        if work.cancelled():
            log.warning("summary.lost", call_id=job.call_id, hint="the call was erased, or another server took it")
            return
        error = work.exception()
        if error is None:
            await self._finished(job, work.result())
        elif isinstance(error, LanguageModelError):
            log.warning("summary.failed", call_id=job.call_id, code=error.code, error=str(error), attempt=job.attempts)
            await self._failed(job, error.code)
        else:
            log.error("summary.failed", call_id=job.call_id, exc_info=error, attempt=job.attempts)
            await self._failed(job, "internal_error")

    async def _keep(self, job: Job) -> None:
        """Renew the lease; returns when it is no longer ours."""
        while True:
            await self._sleep(RENEW_S)
            with contextlib.suppress(StoreError):
                async with self._store.write() as connection:
                    until = self._clock() + LEASE
                    if not await summaries.renew(connection, job, worker=self._worker, until=until):
                        return

    async def _finished(self, job: Job, findings: Findings) -> None:
        now = self._clock()
        async with self._store.write() as connection:
            await self._store.lock_events(connection)
            await calls.lock(connection, job.call_id)
            ours = await summaries.finish(connection, job, findings, worker=self._worker, now=now)
            event = await self._event(connection, job, EventType.CALL_SUMMARY_READY, now) if ours else None
        log.info("summary.ready", call_id=job.call_id, attempt=job.attempts)
        self._tell(event)

    async def _failed(self, job: Job, code: str) -> None:
        now = self._clock()
        last = job.attempts > len(RETRY_AFTER)
        again_at = None if last else now + RETRY_AFTER[job.attempts - 1]
        async with self._store.write() as connection:
            await self._store.lock_events(connection)
            await calls.lock(connection, job.call_id)
            ours = await summaries.fail(connection, job, code, worker=self._worker, now=now, again_at=again_at)
            tell = ours and last
            event = await self._event(connection, job, EventType.CALL_SUMMARY_FAILED, now) if tell else None
        self._tell(event)

    async def _event(self, connection: AsyncConnection, job: Job, kind: EventType, now: datetime) -> StoredEvent:
        call = await calls.get(connection, job.call_id)
        data = {"call": call.as_json() if call else None}
        return await events.append(self._store, connection, kind, at=now, data=data, call_id=job.call_id)

    def _tell(self, event: StoredEvent | None) -> None:
        if event is not None:
            self._told([event])
