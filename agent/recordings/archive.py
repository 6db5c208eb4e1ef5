"""Erases calls and recordings: first in the database, then the files. A crash in between leaves work for `clear`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from agent.errors import StoreError
from agent.recordings.folder import RecordingsFolder
from agent.store import erasure, recordings
from agent.store.engine import Store
from agent.store.erasure import Erased

log = structlog.get_logger()

BATCH = 50
"""Calls in one transaction: others may write in between."""


class NotOverError(StoreError):
    """The call goes on, or its recording is being completed."""

    code = "call_not_over"


class Archive:
    """The recordings and personal data of one server's calls, and those of others on the same database."""

    def __init__(self, store: Store, folder: RecordingsFolder, *, server: str) -> None:
        """`server`: whose files are in `folder`. Others remove theirs themselves, within the hour."""
        self._store = store
        self._folder = folder
        self._server = server

    async def erase(self, call_ids: Sequence[str], *, now: datetime | None = None) -> list[Erased]:
        """Take out who called and what was said, and remove recordings; what was done before is done again.

        In one transaction: all of them or none. Raises LookupError for a call that there is not, NotOverError and
        StoreError.
        """
        now = now or datetime.now(UTC)
        erased = []
        async with self._store.write() as connection:
            for call_id in call_ids:
                if (state := await erasure.state_of(connection, call_id)) is not None:
                    raise NotOverError(f"The call {call_id} is {state}; erase it when it is over.")
                erased.append(await erasure.erase(connection, call_id, now=now))
        await self.clear()
        return erased

    async def delete_recordings(self, call_ids: Sequence[str], *, now: datetime) -> None:
        """Remove recordings alone. Raises StoreError."""
        async with self._store.write() as connection:
            await recordings.delete(connection, call_ids, now=now)
        await self.clear()

    async def clear(self) -> int:
        """Remove the files of recordings that were deleted; returns how many calls had some. Raises StoreError.

        Those that cannot be removed are tried again next time.
        """
        removed = 0
        while True:
            async with self._store.read() as connection:
                waiting = await recordings.to_remove(connection, self._server, limit=BATCH)
            gone = [call_id for call_id in waiting if await self._remove(call_id)]
            if gone:
                async with self._store.write() as connection:
                    await recordings.without_files(connection, gone)
            removed += len(gone)
            if len(gone) < BATCH:
                return removed

    async def remove_strays(self, before: datetime) -> int:
        """Remove files written last before a moment, whoever made them; returns of how many calls."""
        old = await asyncio.to_thread(lambda: list(self._folder.older_than(before.timestamp())))
        return sum([await self._remove(call_id) for call_id in old])

    async def forget(self) -> None:
        """Let nothing of what was deleted stay in the database's own log, where that is possible now."""
        try:
            if not await self._store.forget():
                log.debug("archive.log_in_use")
        except StoreError as error:
            log.warning("archive.log_not_cleared", problem=str(error))

    async def _remove(self, call_id: str) -> bool:
        try:
            await asyncio.to_thread(self._folder.remove, call_id)
        except (OSError, ValueError) as error:
            log.warning("archive.not_removed", call_id=call_id, problem=type(error).__name__)
            return False
        return True
