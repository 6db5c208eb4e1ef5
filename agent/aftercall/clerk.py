"""Works through the calls that have ended, one after the other, and tells what came of each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.domain.after_call import AfterCall
from agent.domain.event_types import EventType
from agent.domain.summary_resource import Findings
from agent.domain.turns import Turn
from agent.errors import LanguageModelError
from agent.store import calls, events, summaries, turns
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.leased_work import LeasedWork
from agent.store.summaries import Job

log = structlog.get_logger()

POLL_S = 5.0
"""Between looks for what other processes recorded or left, and for what is to be tried again."""
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
        self._told = told
        self._clock = clock
        self._leased = LeasedWork(
            store,
            summaries,
            self._work_out,
            self._settle,
            name="clerk",
            server=server,
            poll_s=POLL_S,
            clock=clock,
            sleep=sleep,
        )

    def start(self) -> None:
        """Begin to work."""
        self._leased.start()

    def wake(self) -> None:
        """There may be something to do: look at once."""
        self._leased.wake()

    def recorded(self, stored: Sequence[StoredEvent]) -> None:
        """These are on disk, and with the transcript of a call what is to be done about it, if anything."""
        if any(event.type == EventType.CALL_TRANSCRIPT_READY and event.data["call"]["summary"] for event in stored):
            self._leased.wake()

    async def close(self) -> None:
        """Stop; what is under way is given back, and done after the next start."""
        await self._leased.close()

    async def work_once(self) -> bool:
        """Work through one call; False where none is due. Cancelled, it gives the call back. Raises StoreError."""
        return await self._leased.work_once()

    async def _work_out(self, job: Job) -> Findings:
        if job.attempts > len(RETRY_AFTER) + 1:
            raise LanguageModelError("The process died over it each time.", code="summary_interrupted")
        async with self._store.read() as connection:
            said = await turns.of_call(connection, job.call_id)
        return await self._summarizer.work_out(said, job.after_call, language=job.language)

    async def _settle(self, job: Job, outcome: Findings | Exception) -> None:
        if isinstance(outcome, Findings):
            await self._finished(job, outcome)
        elif isinstance(outcome, LanguageModelError):
            code, told = outcome.code, str(outcome)
            log.warning("summary.failed", call_id=job.call_id, code=code, error=told, attempt=job.attempts)
            await self._failed(job, code)
        else:
            log.error("summary.failed", call_id=job.call_id, exc_info=outcome, attempt=job.attempts)
            await self._failed(job, "internal_error")

    async def _finished(self, job: Job, findings: Findings) -> None:
        now = self._clock()
        async with self._store.write() as connection:
            await self._store.lock_events(connection)
            await calls.lock(connection, job.call_id)
            ours = await summaries.finish(connection, job, findings, worker=self._leased.worker, now=now)
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
            ours = await summaries.fail(connection, job, code, worker=self._leased.worker, now=now, again_at=again_at)
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
