"""Lines to the outside for callers who are handed over: a transfer over a trunk is a call out, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog

from agent.domain.limits import used_up
from agent.domain.transfer import TransferFailure
from agent.errors import StoreError
from agent.ids import new_id
from agent.outbound.trunks import Trunks
from agent.settings import OutboundSettings
from agent.store import outbound_usage, switches
from agent.store.engine import Store

log = structlog.get_logger()


class TransferLines:
    """See `agent.telephony.connection_attempt.Lines`. Belongs to one event loop."""

    def __init__(
        self,
        store: Store,
        settings: OutboundSettings,
        trunks: Trunks,
        *,
        clock: Callable[[], float] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`clock`: seconds; that of whoever else uses `trunks`. The event loop's own by default."""
        self._store = store
        self._settings = settings
        self._limits = settings.limits()
        self._trunks = trunks
        self._clock = clock or asyncio.get_running_loop().time
        self._now = now
        self._sleep = sleep

    @asynccontextmanager
    async def out(self, trunk: str) -> AsyncIterator[TransferFailure | None]:
        """A place on the trunk for as long as the block lasts; why there is none.

        A trunk that has a place but takes no call in this moment is waited for; one that is full is not.
        """
        failure = await self._forbidden()
        while failure is None and (wait_s := self._wait_s(trunk)) != 0:
            if wait_s is None:
                failure = TransferFailure.TRUNK_FULL
            else:
                await self._sleep(wait_s)
        if failure is not None:
            log.info("outbound.transfer_refused", trunk=trunk, reason=failure)
            yield failure
            return
        place = new_id("out")
        self._trunks.begin(place, trunk, self._clock())
        try:
            yield None
        finally:
            self._trunks.end(place)

    def _wait_s(self, trunk: str) -> float | None:
        at = self._clock()
        every, one = self._trunks.wait_s(at), self._trunks.wait_for_s(trunk, at)
        return None if every is None or one is None else max(every, one)

    async def _forbidden(self) -> TransferFailure | None:
        """What holds for all calls out. Where the database cannot say, nobody is called."""
        if self._settings.stopped:
            return TransferFailure.OUTBOUND_STOPPED
        try:
            async with self._store.read() as connection:
                if await switches.is_on(connection, switches.OUTBOUND_STOP):
                    return TransferFailure.OUTBOUND_STOPPED
                minutes, spent_micros = await outbound_usage.of_day(connection, self._limits, now=self._now())
        except StoreError as error:
            log.warning("outbound.transfer_not_checked", code=error.code, error=str(error))
            return TransferFailure.INTERNAL_ERROR
        over = used_up(self._limits, minutes=minutes, spent_micros=spent_micros)
        return None if over is None else TransferFailure.LIMIT_EXCEEDED
