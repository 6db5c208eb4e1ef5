"""Lets the work of all calls through to a worker, the most urgent first.

A worker computes one request after the other, in the order in which they come; what has been sent to it cannot be
overtaken. So requests wait here, on our side, and at most `parallel` of them are with the worker at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from agent.speech.meter import Meter
from agent.speech.urgency import Escalation, Urgency, urgency_of


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    work: Urgency | Escalation
    admitted: asyncio.Future[None]


class Gate:
    """The entrance to one worker, shared by all calls of one event loop."""

    def __init__(self, parallel: int = 1, meter: Meter | None = None) -> None:
        """`parallel`: how many requests the worker computes at once; 1 for our own. Raises ValueError below 1.

        `meter` measures what is let through.
        """
        if parallel < 1:
            raise ValueError(f"a gate for {parallel} requests at once lets nothing through")
        self._free = parallel
        self._meter = meter
        self._waiting: list[_Waiting] = []

    @property
    def is_free(self) -> bool:
        """Whether a request would go through at once."""
        return self._free > 0

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def passage(self, work: Urgency | Escalation) -> AsyncIterator[None]:
        """Wait for a place, and hold it until the block is left.

        The most urgent goes first, of equals the one that came first; an Escalation counts as it is when a place
        becomes free. Who is cancelled leaves the queue at once. There is no ageing: where urgent work takes all places
        for ever, the rest waits for ever, or until its own deadline.
        """
        await self._enter(work)
        try:
            with nullcontext() if self._meter is None else self._meter.working():
                yield
        finally:
            self._leave()

    async def _enter(self, work: Urgency | Escalation) -> None:
        if self._free:
            self._free -= 1
            return
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            await waiting.admitted
        except asyncio.CancelledError:
            admitted_meanwhile = not waiting.admitted.cancelled()
            if admitted_meanwhile:
                self._leave()
            else:
                self._waiting.remove(waiting)
            raise

    def _leave(self) -> None:
        """Hand the place to the next; one that was cancelled but has not run since takes itself out."""
        alive = [waiting for waiting in self._waiting if not waiting.admitted.done()]
        if not alive:
            self._free += 1
            return
        first = min(alive, key=lambda waiting: urgency_of(waiting.work))
        self._waiting.remove(first)
        first.admitted.set_result(None)
