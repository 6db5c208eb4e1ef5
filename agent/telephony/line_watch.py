"""Gives a caller a jitter buffer when their packets overtake each other, and only then.

Asterisk drops a packet that comes after a later one. With delays that differ by up to 60 ms that is a fifth of the
caller's sound. Its jitter buffer repairs that, but adds 40 ms or more to every answer, which callers with a good line
need not pay. So we compare what Asterisk received with what reached us: packets that were lost on the way are missing
in both counts, packets that were dropped only in ours.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from agent.errors import TelephonyError
from agent.media.inbox import Inbox
from agent.telephony.ari import AriClient

log = structlog.get_logger()

EARLY_S, EARLY_CHECKS, LATER_S = 1.0, 10, 5.0
"""Between two checks: at first, for so many of them, and then. A line is mostly bad from the beginning."""
DROPPED_SHARE = 0.04
"""Of the packets between two checks. Jitter of 30 ms drops about 5 %; what is under way between us cancels out."""
FEWEST_PACKETS = 25
"""Half of what a second holds; fewer come from a telephone that is silent."""
CHECKS = 2
"""So many in a row must find it. Keys are packets without sound, and are seldom pressed for so long."""
BUFFER = "JITTERBUFFER(adaptive)"
BUFFER_ARGUMENTS = "200,1000,40"
"""Longest delay, jump of time stamps from which on it starts anew, spare time; in ms, Asterisk's own default."""


class Reordering:
    """Tells from two counts whether packets are dropped for their order. Pure."""

    def __init__(self) -> None:
        self._before: tuple[int, int] | None = None
        self._found = 0

    def feed(self, packets: int, frames: int) -> bool:
        """Packets that Asterisk received and frames of 20 ms that came to us, since the beginning of the call.

        A telephone that sends longer packets brings more frames than packets, and is never found.
        """
        before, self._before = self._before, (packets, frames)
        if before is None:
            return False
        came = packets - before[0]
        dropped = came - (frames - before[1])
        bad = came >= FEWEST_PACKETS and dropped > DROPPED_SHARE * came
        self._found = self._found + 1 if bad else 0
        return self._found >= CHECKS


@asynccontextmanager
async def watched_line(ari: AriClient, channel_id: str, frames: Inbox) -> AsyncIterator[None]:
    """Watch the line of an answered caller for as long as the block lasts. Never raises."""
    watch = asyncio.create_task(_watch(ari, channel_id, frames), name="line-watch")
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _watch(ari: AriClient, channel_id: str, frames: Inbox) -> None:
    reordering = Reordering()
    for check in itertools.count():
        await asyncio.sleep(EARLY_S if check < EARLY_CHECKS else LATER_S)
        try:
            if reordering.feed(await ari.packets_received(channel_id), frames.received):
                await ari.set_variable(channel_id, BUFFER, BUFFER_ARGUMENTS)
                log.info("telephony.jitter_buffer", channel=channel_id)
                return
        except TelephonyError as error:
            log.debug("telephony.line_not_watched", channel=channel_id, code=error.code)
            return
