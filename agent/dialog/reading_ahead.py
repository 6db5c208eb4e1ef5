"""Has the model read what was said so far, so that only the caller's next words are new to it."""

from __future__ import annotations

import asyncio

from agent.dialog.journal import Journal
from agent.dialog.mind import LanguageModel


class ReadingAhead:
    """For one call."""

    def __init__(self, mind: LanguageModel, journal: Journal) -> None:
        self._mind = mind
        self._journal = journal
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Read the history as it is now; what was being read before is given up."""
        if self._task is not None:
            self._task.cancel()
        work = self._mind.prefill(self._journal.history.messages(), call=self._journal.call_id)
        self._task = asyncio.create_task(work, name="read-ahead")

    async def close(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
