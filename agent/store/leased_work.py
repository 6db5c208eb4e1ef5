"""Work that was ordered in the database, done in the background: one job after the other, each kept by a lease."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.errors import StoreError
from agent.ids import new_id
from agent.store.engine import Store

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
RENEW_S = 20.0
"""A job may wait for hours until no caller needs the model: its lease is renewed as long as we live."""
J = TypeVar("J")
R = TypeVar("R")


class Jobs(Protocol[J]):
    """What is to be done, in the database."""

    def claim(
        self, connection: AsyncConnection, *, worker: str, now: datetime, until: datetime
    ) -> Coroutine[Any, Any, J | None]:
        """Lease what has been due for longest; None where nothing is due that nobody works on."""
        ...

    async def renew(self, connection: AsyncConnection, job: J, *, worker: str, until: datetime) -> bool:
        """Keep it until then; False where it is no longer ours."""
        ...

    async def give_back(self, connection: AsyncConnection, job: J, *, worker: str) -> None:
        """Let others do it at once."""
        ...


class LeasedWork(Generic[J, R]):
    """Belongs to one event loop. Several, in any number of processes, may share one database."""

    def __init__(
        self,
        store: Store,
        jobs: Jobs[J],
        work: Callable[[J], Awaitable[R]],
        settle: Callable[[J, R | Exception], Awaitable[None]],
        *,
        name: str,
        server: str,
        poll_s: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`work` does a job, and is cancelled where its lease is lost; `settle` then records what came of it, or what
        was raised. `name` is what does it, for the log; `poll_s`: between looks for what other processes left.
        """
        self.worker = f"{server}/{new_id(name)}"
        """Holds the leases."""
        self._store = store
        self._jobs = jobs
        self._work = work
        self._settle = settle
        self._name = name
        self._poll_s = poll_s
        self._clock = clock
        self._sleep = sleep
        self._bell = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Begin with what waits."""
        self._bell.set()
        self._tasks = (
            asyncio.create_task(self._run(), name=self._name),
            asyncio.create_task(self._poll(), name=f"{self._name} poll"),
        )

    def wake(self) -> None:
        """There may be something to do: look at once."""
        self._bell.set()

    async def close(self) -> None:
        """Stop; what is under way is given back, and done after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def work_once(self) -> bool:
        """Do one job; False where none is due. Cancelled, it gives the job back. Raises StoreError."""
        now = self._clock()
        job = await self._store.transact(
            lambda connection: self._jobs.claim(connection, worker=self.worker, now=now, until=now + LEASE)
        )
        if job is None:
            return False
        try:
            await self._do(job)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                async with self._store.write() as connection:
                    await self._jobs.give_back(connection, job, worker=self.worker)
            raise
        return True

    async def _do(self, job: J) -> None:
        work = asyncio.ensure_future(self._work(job))
        keeping = asyncio.create_task(self._keep(job), name=f"lease of {self._name}")
        try:
            await asyncio.wait({work, keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, keeping):
                task.cancel()
            await asyncio.gather(work, keeping, return_exceptions=True)
        if work.cancelled():
            log.warning("leased_work.lost", work=self._name, hint="it was deleted, or another server took it")
            return
        error = work.exception()
        if isinstance(error, StoreError):
            raise error
        if error is None:
            await self._settle(job, work.result())
        elif isinstance(error, Exception):
            await self._settle(job, error)

    async def _run(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            try:
                while await self.work_once():
                    pass
            except StoreError as error:
                log.warning("leased_work.store_failed", work=self._name, code=error.code, error=str(error))

    async def _poll(self) -> None:
        while True:
            await self._sleep(self._poll_s)
            self._bell.set()

    async def _keep(self, job: J) -> None:
        """Renew the lease; returns when it is no longer ours."""
        while True:
            await self._sleep(RENEW_S)
            with contextlib.suppress(StoreError):
                async with self._store.write() as connection:
                    until = self._clock() + LEASE
                    if not await self._jobs.renew(connection, job, worker=self.worker, until=until):
                        return
