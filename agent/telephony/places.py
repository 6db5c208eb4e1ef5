"""The places for calls: who has one, and who waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.telephony.capacity import Capacity


class Places:
    """Hands out as many places as the capacity says; first come, first served. Belongs to one event loop."""

    def __init__(self, capacity: Capacity, *, clock: Callable[[], float] | None = None) -> None:
        """`clock`: seconds; the event loop's own by default."""
        self._capacity = capacity
        self._clock = clock
        self._holders: set[str] = set()
        self._line: dict[str, asyncio.Event] = {}

    @property
    def taken(self) -> int:
        """Calls that have a place."""
        return len(self._holders)

    @property
    def waiting(self) -> int:
        """Calls that wait for one."""
        return len(self._line)

    @property
    def limit(self) -> int:
        """How many places there are; fewer than `taken` where the limit has just sunk."""
        return self._capacity.limit

    def take(self, call_id: str) -> bool:
        """Give the call a place if one is free and nobody waits for it. True as well where it has one already."""
        if call_id in self._holders:
            return True
        if self._line or self.taken >= self.limit:
            return False
        self._holders.add(call_id)
        return True

    def holds(self, call_id: str) -> bool:
        """Whether the call has a place."""
        return call_id in self._holders

    def line_up(self, call_id: str) -> int:
        """Put the call at the end of the line; its position, from 1. It leaves the line by a place, or by `release`."""
        self._line[call_id] = asyncio.Event()
        return self.waiting

    async def wait(self, call_id: str) -> None:
        """Return when a call that has lined up has its place."""
        if call_id in self._line:
            await self._line[call_id].wait()

    def release(self, call_id: str) -> None:
        """The call needs no place any more, whether it had one, or waited, or neither."""
        self._holders.discard(call_id)
        self._line.pop(call_id, None)
        self._hand_out()

    def turn(self, took_s: float, *, calls: int) -> None:
        """See `Capacity.turn`."""
        clock = self._clock or asyncio.get_running_loop().time
        self._capacity.turn(took_s, calls=calls, at=clock())
        self._hand_out()

    def _hand_out(self) -> None:
        while self._line and self.taken < self.limit:
            call_id = next(iter(self._line))
            self._holders.add(call_id)
            self._line.pop(call_id).set()
