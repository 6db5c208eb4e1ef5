"""Where an answered caller waits for a place, and hears so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from agent.domain.call import Call, EndedReason
from agent.media.stream import MediaStream
from agent.telephony.ending import Ending
from agent.telephony.inputs import ChannelInputs
from agent.telephony.places import Places
from agent.telephony.waiting import first_of

REPEAT_AFTER_S = 8.0
"""Quiet between two announcements: long enough not to nag, short enough that nobody takes the line for dead."""


@dataclass(frozen=True, slots=True)
class Announcements:
    """What waiting callers hear: 8 kHz signed 16-bit little-endian mono; empty sound is silence."""

    please_hold: bytes
    goodbye: bytes


class WaitingRoom:
    """Holds one call."""

    def __init__(
        self, places: Places, announcements: Announcements, timeout_s: float, *, gave_up: Callable[[], None]
    ) -> None:
        """`gave_up` is called when the time is up, before the goodbye."""
        self._places = places
        self._announcements = announcements
        self._timeout_s = timeout_s
        self._gave_up = gave_up

    async def wait(self, call: Call, stream: MediaStream, inputs: ChannelInputs) -> Ending | None:
        """Return None when the call has a place, or how it ends without one. An announcement is heard to its end."""
        place = asyncio.create_task(self._places.wait(call.id), name=f"{call.id}-place")
        ear = asyncio.create_task(_overhear(stream), name=f"{call.id}-overhear")
        try:
            return await self._hold(call, place, stream, inputs)
        finally:
            place.cancel()
            ear.cancel()
            await asyncio.gather(place, ear, return_exceptions=True)

    async def _hold(
        self, call: Call, place: asyncio.Task[None], stream: MediaStream, inputs: ChannelInputs
    ) -> Ending | None:
        clock = asyncio.get_running_loop().time
        until = clock() + self._timeout_s
        while True:
            await stream.playout.play(self._announcements.please_hold).done
            quiet_s = min(REPEAT_AFTER_S, until - clock())
            await first_of(asyncio.wait({place}), inputs.closing.wait(), timeout_s=max(0.0, quiet_s))
            if inputs.closing.is_set():
                return Ending(EndedReason.SERVER_SHUTDOWN)
            if place.done():
                return None
            if clock() >= until:
                self._places.release(call.id)
                self._gave_up()
                await stream.playout.play(self._announcements.goodbye).done
                return Ending(EndedReason.LIMIT_EXCEEDED, let_ring_out=True)


async def _overhear(stream: MediaStream) -> None:
    """Take what the caller says meanwhile, so that the conversation does not begin with it."""
    async for _ in stream.frames:
        pass
