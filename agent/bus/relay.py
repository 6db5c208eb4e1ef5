"""Takes events from the record to the broker, in order, at least once: the relay of the outbox."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog

from agent.bus.outbox import Outbox
from agent.bus.publisher import Publisher
from agent.domain.event_types import EventType, wanted
from agent.errors import BusError, StoreError
from agent.settings import BusSettings
from agent.store.engine import Store
from agent.store.events import StoredEvent

BATCH = 64
"""Events published together: to note how far we are costs an fsync; more would keep the event loop from the sound."""
POLL_S = 1.0
"""Between looks for what other processes recorded, and whether the broker is still there."""
LEASE_IN_TIMEOUTS = 3
"""A lease lasts for so many timeouts: a batch may wait for one to connect and for one to be confirmed."""
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 15.0

log = structlog.get_logger()


def utc_now() -> datetime:
    """By this machine's clock."""
    return datetime.now(UTC)


class Relay:
    """Belongs to one event loop. Any number of processes may share one database: one of them publishes at a time."""

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        settings: BusSettings,
        *,
        clock: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`chance` is at random from 0 to 1."""
        self.publisher = publisher
        self._types = settings.events
        self.outbox = Outbox(store, lease=timedelta(seconds=LEASE_IN_TIMEOUTS * settings.timeout_s), clock=clock)
        self._chance = chance
        self._sleep = sleep
        self._bell = asyncio.Event()
        self._batch = BATCH
        self._running: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None
        self._stopping = False
        self.published = 0
        """Events that this process published."""
        self.failures = 0
        """Attempts that failed."""
        self.problem: str | None = None
        """Why nothing can be published at present; None where all is well."""

    @property
    def backlog(self) -> int:
        """Events that wait, at most."""
        return self.outbox.behind

    @property
    def going(self) -> bool:
        """Whether it works, as it must from `start` to `close`, also while the broker is away."""
        tasks = (self._running, self._polling)
        return all(task is not None and not task.done() for task in tasks)

    async def start(self) -> None:
        """Begin to publish, whether the broker is there or not. Raises StoreError."""
        await self.outbox.begin()
        self._bell.set()
        self._running = asyncio.create_task(self._run(), name="bus relay")
        self._polling = asyncio.create_task(self._poll(), name="bus relay poll")

    def wake(self) -> None:
        """Events were recorded: look at once."""
        self._bell.set()

    async def close(self, timeout_s: float) -> None:
        """Publish what waits, for `timeout_s` at most and only where that goes well; the rest is published later."""
        if self._running is None or self._polling is None:
            return
        self._polling.cancel()
        self._stopping = True
        self._bell.set()
        if self.problem is None:
            await asyncio.wait({self._running}, timeout=timeout_s)
        self._running.cancel()
        await asyncio.gather(self._running, self._polling, return_exceptions=True)
        await self.outbox.let_go()
        await self.publisher.close()

    async def _run(self) -> None:
        tries = 0
        while not self._stopping:
            await self._bell.wait()
            self._bell.clear()
            if await self._attempt():
                tries = 0
                continue
            await self.outbox.let_go()
            await self._sleep(min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**tries) * (1 + self._chance()))
            tries = min(tries + 1, 10)
            self._bell.set()

    async def _poll(self) -> None:
        while True:
            await self._sleep(POLL_S)
            self._bell.set()

    async def _attempt(self) -> bool:
        """Publish what waits; whether that went well."""
        try:
            has_work = await self.outbox.has_work()
            await self.publisher.open()
            if has_work:
                await self._publish_all()
        except (BusError, StoreError) as error:
            self._failed(error.code, str(error))
            return False
        except Exception as error:  # a fault of ours must not end the publishing for good
            log.exception("bus.failed")
            self._failed("internal_error", f"Publishing to {self.publisher.title} failed ({type(error).__name__}).")
            return False
        if self.problem is not None:
            log.info("bus.publishes_again", published=self.published)
        self.problem, self._batch = None, BATCH
        return True

    async def _publish_all(self) -> None:
        while batch := await self.outbox.take(self._batch):
            chosen = [event for event in batch if self._wants(event)]
            if chosen:
                await self.publisher.publish(chosen)
                self.published += len(chosen)
            self.outbox.done(batch)

    def _wants(self, event: StoredEvent) -> bool:
        """A ping is for the one endpoint that is tried."""
        return event.type != EventType.PING and wanted(event.type, self._types)

    def _failed(self, code: str, why: str) -> None:
        if self.problem != why:
            log.warning("bus.cannot_publish", code=code, error=why, backlog=self.backlog)
        self.problem = why
        self.failures += 1
        self._batch = max(1, self._batch // 2)  # what is too much at once for a slow broker gets through in small parts
