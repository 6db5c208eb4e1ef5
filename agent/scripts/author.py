"""Has the scripts written that were ordered, one after the other, in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from agent.domain.event_types import EventType
from agent.domain.script_brief import ScriptBrief
from agent.errors import LanguageModelError
from agent.scripts.writer import Written
from agent.store import events, scripts
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.leased_work import LeasedWork
from agent.store.scripts import StoredScript, WritingJob

log = structlog.get_logger()

POLL_S = 10.0
"""Between looks for what other processes left."""
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
        self._told = told
        self._clock = clock
        self._leased = LeasedWork(
            store,
            scripts,
            self._write,
            self._settle,
            name="author",
            server=server,
            poll_s=POLL_S,
            clock=clock,
            sleep=sleep,
        )

    def start(self) -> None:
        """Begin with what waits."""
        self._leased.start()

    def wake(self) -> None:
        """A script was ordered: look at once."""
        self._leased.wake()

    async def close(self) -> None:
        """Stop; what is under way is given back, and begun anew after the next start."""
        await self._leased.close()

    async def write_once(self) -> bool:
        """Have one script written; False where none waits. Cancelled, it gives the script back. Raises StoreError."""
        return await self._leased.work_once()

    async def _write(self, job: WritingJob) -> Written:
        return await self._writer.write(job.brief)

    async def _settle(self, job: WritingJob, outcome: Written | Exception) -> None:
        written, code = _come_of(job, outcome)
        event = None
        async with self._store.write() as connection:
            await self._store.lock_events(connection)
            now = self._clock()
            ours = await scripts.finish(
                connection,
                job,
                written.script,
                worker=self._leased.worker,
                now=now,
                attempts=written.attempts,
                error_code=code,
                findings=written.findings[:MOST_FINDINGS],
            )
            if ours and (stored := await scripts.get(connection, job.script_id)) is not None:
                kind = EventType.SCRIPT_DRAFT_FAILED if code else EventType.SCRIPT_DRAFT_READY
                event = await events.append(self._store, connection, kind, at=now, data={"script": _as_told(stored)})
        log.info("script.written", script_id=job.script_id, attempts=written.attempts, good=written.good)
        if event is not None:
            self._told([event])


def _come_of(job: WritingJob, outcome: Written | Exception) -> tuple[Written, str | None]:
    """What was written, and the code of what went wrong."""
    if isinstance(outcome, Written):
        return outcome, INVALID if outcome.script is None else None
    if isinstance(outcome, LanguageModelError):
        log.warning("script.failed", script_id=job.script_id, code=outcome.code, error=str(outcome))
        return Written(None, (), 0), outcome.code
    log.error("script.failed", script_id=job.script_id, exc_info=outcome)
    return Written(None, (), 0), "internal_error"


def _as_told(stored: StoredScript) -> dict[str, Any]:
    """What an event tells; the plan itself is asked for by the id."""
    return {
        "id": stored.id,
        "status": stored.status.value,
        "version": stored.version,
        "attempts": stored.attempts,
        "error_code": stored.error_code,
        "findings": [finding.model_dump(mode="json") for finding in stored.findings],
    }
