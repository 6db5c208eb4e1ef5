"""Making agents ready to take calls, which nobody has to wait for to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


class Preparation:
    """Work that goes on when whoever asked for it has stopped waiting, such as while the mouth is away."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def within(self, limit_s: float, work: Coroutine[Any, Any, None]) -> bool:
        """Wait for `work` for so long; False: it goes on by itself. Never raises what the work raises."""
        task = asyncio.create_task(work, name="prepare-agents")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=limit_s)
        return bool(done)

    async def close(self) -> None:
        """Give up what is not done."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("agents.not_prepared", error=type(error).__name__)
