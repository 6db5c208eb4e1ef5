"""Takes events as they happen and writes them to the database in order, behind the back of the calls.

A call never waits for the disk. What cannot be written is kept and tried again, in order; only beyond `MOST_WAITING`
is anything given up, counted, and said in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

import structlog
from sqlalchemy.exc import SQLAlchemyError

from agent.domain.events import Event
from agent.errors import StoreError
from agent.store.chronicle import RECORDED, Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent

log = structlog.get_logger()

MOST_WAITING = 50_000
"""Events, a few hundred bytes each: those of some thousand calls."""
BATCH = 64
"""Written in one transaction: each costs an fsync, and all before it hold up the next."""
UNRECORDABLE = (SQLAlchemyError, LookupError, ValueError)
"""Faults of the event itself, such as a turn of a call that was deleted."""
FIRST_RETRY_S, LONGEST_RETRY_S = 0.1, 5.0


class Recorder:
    """An EventSink that records. Belongs to one event loop."""

    def __init__(
        self,
        store: Store,
        chronicle: Chronicle,
        *,
        told: Callable[[Sequence[StoredEvent]], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`told` gets the public events of each transaction once it is on disk."""
        self._store = store
        self._chronicle = chronicle
        self._told = told
        self._sleep = sleep
        self._waiting: deque[Event] = deque()
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self.lost = 0
        """Events that could not be recorded and were given up."""
        self.problem: str | None = None
        """Why nothing can be written at present; None where all is well."""

    def __call__(self, event: Event) -> None:
        """Take an event; see EventSink."""
        if not isinstance(event, RECORDED):
            return
        if len(self._waiting) >= MOST_WAITING:
            self._give_up(event, "too many are waiting for the database")
            return
        self._waiting.append(event)
        self._idle.clear()
        self._more.set()

    @property
    def waiting(self) -> int:
        """Events that are not on disk yet."""
        return len(self._waiting)

    @property
    def going(self) -> bool:
        """Whether it works, as it must from `start` to `close`, also while the database is away."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="recorder")

    async def flush(self) -> None:
        """Return when all that was taken so far is on disk or given up."""
        await self._idle.wait()

    async def close(self, timeout_s: float) -> None:
        """Write what is left for `timeout_s` at most, and stop."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.flush()
        self._task.cancel()
        await asyncio.wait({self._task})
        for event in self._waiting:
            self._give_up(event, "the server stopped while the database was away")
        self._waiting.clear()

    async def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            await self._more.wait()
            batch = list(islice(self._waiting, BATCH))
            try:
                told = await self._write(batch)
            except StoreError as error:
                if self.problem is None:
                    log.warning("recorder.cannot_write", code=error.code, error=str(error), waiting=self.waiting)
                self.problem = str(error)
                await self._sleep(retry_s)
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)
                continue
            if self.problem is not None:
                log.info("recorder.writes_again", waiting=self.waiting)
            self.problem, retry_s = None, FIRST_RETRY_S
            for _ in batch:
                self._waiting.popleft()
            if not self._waiting:
                self._more.clear()
                self._idle.set()
            self._told(told)

    async def _write(self, batch: Sequence[Event]) -> list[StoredEvent]:
        """All of a batch, or else each by itself: one that cannot be recorded holds up no other. Raises StoreError."""
        with contextlib.suppress(*UNRECORDABLE):
            return await self._write_together(batch)
        told = []
        for event in batch:
            try:
                told += await self._write_together([event])
            except UNRECORDABLE as error:
                self._give_up(event, f"{type(error).__name__}: {error}")
        return told

    async def _write_together(self, batch: Sequence[Event]) -> list[StoredEvent]:
        told = await self._store.transact(lambda connection: self._chronicle.write(connection, *batch))
        for event in batch:
            self._chronicle.committed(event)
        return told

    def _give_up(self, event: Event, why: str) -> None:
        self.lost += 1
        log.error("recorder.event_lost", type=event.type, call_id=event.call_id, why=why)
