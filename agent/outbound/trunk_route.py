"""The ways of one call that was taken from the queue: from one trunk to the next where one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from agent.domain.dialing import Dial, DialOutcome
from agent.domain.outbound import OutboundOrder
from agent.errors import StoreError
from agent.outbound.trunks import Trunks
from agent.outbound.ways import dial
from agent.store import orders
from agent.store.engine import Store

log = structlog.get_logger()

RETRY_S = (10.0, 30.0, 90.0)
"""Between two rounds over all trunks, for an order that asks for it; then the last again."""


class TrunkRoute:
    """A Route. The call is out over its first trunk already."""

    def __init__(
        self,
        order: OutboundOrder,
        first: str,
        trunks: Trunks,
        store: Store,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`clock`: that of `trunks`."""
        self._order = order
        self._now = first
        self._trunks = trunks
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._tried: set[str] = {first}
        self._rounds = 0

    async def next(self, failed: DialOutcome | None) -> Dial | None:
        """See Route. A trunk that has no room is waited for, unless a later one has some."""
        if failed is None:
            return self._dial()
        log.info("outbound.trunk_failed", call_id=self._order.call_id, trunk=self._now, sip_code=failed.sip_code)
        self._trunks.leave(self._order.call_id, self._now)
        left = [name for name in self._trunks.ways(self._order.to) if name not in self._tried]
        if not left:
            if self._rounds >= self._order.retries:
                return None
            await self._sleep(RETRY_S[min(self._rounds, len(RETRY_S) - 1)])
            self._rounds += 1
            self._tried.clear()
            left = self._trunks.ways(self._order.to)
        self._now = await self._trunks.room(left, self._clock)
        self._tried.add(self._now)
        self._trunks.begin(self._order.call_id, self._now, self._clock())
        await self._note(way := self._dial())
        return way

    def _dial(self) -> Dial:
        return dial(self._order, self._now, self._trunks.settings[self._now])

    async def _note(self, way: Dial) -> None:
        try:
            async with self._store.write() as connection:
                await orders.tried(connection, way, self._order.call_id)
        except StoreError as error:  # the call matters more than the note
            log.warning("outbound.not_noted", call_id=self._order.call_id, code=error.code)
