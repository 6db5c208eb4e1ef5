"""Has the scripts written that were ordered, one after the other, in the background."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from agent.domain.event_types import EventType
from agent.domain.script_brief import ScriptBrief
from agent.errors import LanguageModelError, StoreError
from agent.ids import new_id
from agent.scripts.writer import Written
from agent.store import events, scripts
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.scripts import StoredScript, WritingJob

log = structlog.get_logger()

POLL_S = 10.0
"""Between looks for what other processes left."""
LEASE = timedelta(seconds=60)
RENEW_S = 20.0
"""A script may wait for hours until no caller needs the model: its lease is renewed as long as we live."""
MOST_FINDINGS = 100
"""Kept of one script."""
INVALID = "script_invalid"
"""Code of a script that the model could not write so that it can be read."""


class Writes(Protocol):
    """See Writer."""

    async def write(self, brief: ScriptBrief) -> Written:
        """Raises LanguageModelError."""
        ...


class Author:
    """Belongs to one event loop. Several, in any number of processes, may share one database."""

    def __init__(
        self,
        store: Store,
        writer: Writes,
        *,
        server: str,
        told: Callable[[Sequence[StoredEvent]], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`server` names this server; `told` gets the public events that are on disk."""
        self._store = store
        self._writer = writer
        self._worker = f"{server}/{new_id('author')}"
        self._told = told
        self._clock = clock
        self._sleep = sleep
        self._bell = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Begin with what waits."""
        self._bell.set()
        self._tasks = (
            asyncio.create_task(self._run(), name="author"),
            asyncio.create_task(self._poll(), name="author poll"),
        )

    def wake(self) -> None:
        """A script was ordered: look at once."""
        self._bell.set()

    async def close(self) -> None:
        """Stop; what is under way is given back, and begun anew after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def write_once(self) -> bool:
        """Have one script written; False where none waits. Cancelled, it gives the script back. Raises StoreError."""
        now = self._clock()
        async with self._store.write() as connection:
            job = await scripts.claim(connection, worker=self._worker, now=now, until=now + LEASE)
        if job is None:
            return False
        keeping = asyncio.create_task(self._keep(job), name=f"lease of script {job.script_id}")
        try:
            await self._write(job)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                async with self._store.write() as connection:
                    await scripts.renew(connection, job, worker=self._worker, until=None)
            raise
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        return True

    async def _write(self, job: WritingJob) -> None:
        written, code = Written(None, (), 0), ""
        try:
            written = await self._writer.write(job.brief)
        except LanguageModelError as error:
            code = error.code
            log.warning("script.failed", script_id=job.script_id, code=error.code, error=str(error))
        except Exception:
            code = "internal_error"
            log.exception("script.failed", script_id=job.script_id)
        if not code and written.script is None:
            code = INVALID
        event = None
        async with self._store.write() as connection:
            await self._store.lock_events(connection)
            now = self._clock()
            ours = await scripts.finish(
                connection,
                job,
                written.script,
                worker=self._worker,
                now=now,
                attempts=written.attempts,
                error_code=code or None,
                findings=written.findings[:MOST_FINDINGS],
            )
            if ours and (stored := await scripts.get(connection, job.script_id)) is not None:
                kind = EventType.SCRIPT_DRAFT_FAILED if code else EventType.SCRIPT_DRAFT_READY
                event = await events.append(self._store, connection, kind, at=now, data={"script": _told(stored)})
        log.info("script.written", script_id=job.script_id, attempts=written.attempts, good=written.good)
        if event is not None:
            self._told([event])

    async def _run(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                while await self.write_once():
                    pass
            except StoreError as error:
                log.warning("script.store_failed", code=error.code, error=str(error))

    async def _poll(self) -> None:
        while True:
            await self._sleep(POLL_S)
            self._bell.set()

    async def _keep(self, job: WritingJob) -> None:
        while True:
            await self._sleep(RENEW_S)
            with contextlib.suppress(StoreError):
                async with self._store.write() as connection:
                    until = self._clock() + LEASE
                    await scripts.renew(connection, job, worker=self._worker, until=until)


def _told(stored: StoredScript) -> dict[str, Any]:
    """What an event tells; the plan itself is asked for by the id."""
    return {
        "id": stored.id,
        "status": stored.status.value,
        "version": stored.version,
        "attempts": stored.attempts,
        "error_code": stored.error_code,
        "findings": [finding.model_dump(mode="json") for finding in stored.findings],
    }
