"""Removes what is older than it may become: recordings, transcripts, personal data, events, idempotency keys.

At start and every hour, in small batches between which others may write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from agent.errors import StoreError
from agent.recordings.archive import BATCH, Archive
from agent.settings import RetentionSettings
from agent.store import erasure, outdated, recordings
from agent.store.engine import Store
from agent.store.idempotency_keys import IdempotencyKeys

log = structlog.get_logger()

EVERY_S = 3600.0
REST_S = 0.05
"""Between two batches."""
MOST_EVENTS = 500


@dataclass
class Removed:
    """What one round removed."""

    recordings: int = 0
    transcripts: int = 0
    calls: int = 0
    """Whose personal data was erased."""
    events: int = 0
    idempotency_keys: int = 0
    files: int = 0
    """Recordings of which the database knew nothing, or whose removal had failed before."""


class Retention:
    """The background job. Belongs to one event loop."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        settings: RetentionSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._archive = archive
        self._settings = settings
        self._now = now
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with a round now."""
        self._task = asyncio.create_task(self._run(), name="retention")

    async def close(self) -> None:
        """Stop, between two transactions or in one, which then did not happen."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def sweep(self) -> Removed:
        """One round. Raises StoreError."""
        settings, now = self._settings, self._now()
        removed = Removed(files=await self._archive.clear())
        if before := _before(now, settings.personal_data_days):
            removed.calls = await self._in_batches(partial(self._erase, before, now))
        if before := _before(now, settings.transcripts_days):
            removed.transcripts = await self._in_batches(partial(self._delete_transcripts, before, now))
        if before := _before(now, settings.recordings_days):
            removed.recordings = await self._in_batches(partial(self._delete_recordings, before, now))
            removed.files += await self._archive.remove_strays(before)
        if before := _before(now, settings.events_days):
            removed.events = await self._in_batches(partial(self._remove_events, before), MOST_EVENTS)
        removed.idempotency_keys = await IdempotencyKeys(self._store).remove_outdated(now)
        if removed != Removed():
            await self._archive.forget()
            log.info("retention.removed", **vars(removed))
        return removed

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
            except StoreError as error:
                log.warning("retention.failed", problem=str(error))
            except Exception:
                log.exception("retention.failed")
            await self._sleep(EVERY_S)

    async def _in_batches(self, batch: Callable[[], Awaitable[int]], size: int = BATCH) -> int:
        """Until one is not full."""
        total = 0
        while (done := await batch()) == size:
            total += done
            await self._sleep(REST_S)
        return total + done

    async def _erase(self, before: datetime, now: datetime) -> int:
        async with self._store.read() as connection:
            chosen = await erasure.with_old_personal_data(connection, before, limit=BATCH)
        return len(await self._archive.erase(chosen, now=now)) if chosen else 0

    async def _delete_transcripts(self, before: datetime, now: datetime) -> int:
        async with self._store.write() as connection:
            chosen = await erasure.with_old_transcript(connection, before, limit=BATCH)
            for call_id in chosen:
                await erasure.delete_transcript(connection, call_id, now=now)
        return len(chosen)

    async def _delete_recordings(self, before: datetime, now: datetime) -> int:
        async with self._store.read() as connection:
            chosen = await recordings.outdated(connection, before, limit=BATCH)
        if chosen:
            await self._archive.delete_recordings(chosen, now=now)
        return len(chosen)

    async def _remove_events(self, before: datetime) -> int:
        async with self._store.write() as connection:
            return await outdated.remove_events(connection, before, limit=MOST_EVENTS)


def _before(now: datetime, days: float) -> datetime | None:
    """What is older is too old; None: nothing ever is."""
    return now - timedelta(days=days) if days else None
