"""Gives a caller a jitter buffer when their packets overtake each other, and only then.

Asterisk drops a packet that comes after a later one. With delays that differ by up to 60 ms that is a fifth of the
caller's sound. Its jitter buffer repairs that, but adds its delay to every answer, which callers with a good line
need not pay. So we compare what Asterisk received with what reached us: packets that were lost on the way are missing
in both counts, packets that were dropped only in ours. Asterisk is asked only while sound is missing by the clock: a
hundred good lines must not cost a hundred requests a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from agent.errors import TelephonyError
from agent.media.inbox import Inbox
from agent.media.schedule import FRAME_S
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
MISSING_FRAMES = 1.5
"""Of 20 ms, since all was well: fewer are the unevenness of a good line, which brings one more or less in a second."""
STALLED_SHARE = 0.5
"""Fewer frames of the packets in a second than this, and the buffer itself holds them back."""
BUFFER = "JITTERBUFFER(fixed)"
BUFFER_ARGUMENTS = "100,1000"
"""Delay, and jump of time stamps from which on it starts anew, in ms. The adaptive kind stalled for good in 2 of about
90 calls."""
NO_BUFFER = "JITTERBUFFER(disabled)"


class Reordering:
    """Tells from two counts whether packets are dropped for their order. Pure."""

    def __init__(self) -> None:
        self.well = False
        """Whether the last look had one to compare with, and found nothing."""
        self._before: tuple[int, int] | None = None
        self._found = 0

    def feed(self, packets: int, frames: int) -> bool:
        """Whether it is so by now, from packets that Asterisk received and frames of 20 ms that came to us.

        Both count from the beginning of the call. A telephone that sends longer packets brings more frames than
        packets, and is never found.
        """
        compared = self._before is not None
        came, missing = self._since_last(packets, frames)
        bad = came >= FEWEST_PACKETS and missing > DROPPED_SHARE * came
        self._found = self._found + 1 if bad else 0
        self.well = compared and not bad
        return self._found >= CHECKS

    def stalled(self, packets: int, frames: int) -> bool:
        """The same, once there is a buffer: whether it lets hardly anything through."""
        came, missing = self._since_last(packets, frames)
        return came >= FEWEST_PACKETS and missing > STALLED_SHARE * came

    def _since_last(self, packets: int, frames: int) -> tuple[int, int]:
        """Packets that came since the last check, and how many fewer frames."""
        before, self._before = self._before, (packets, frames)
        return (0, 0) if before is None else (packets - before[0], packets - before[0] - (frames - before[1]))


class Flow:
    """Whether sound is missing, by the clock alone: a telephone that talks sends 50 frames of 20 ms a second. Pure."""

    def __init__(self, now: float, frames: int) -> None:
        """`now` in seconds, `frames` since the beginning of the call: all was well until then."""
        self._since = now
        self._frames = frames

    def short(self, now: float, frames: int) -> bool:
        """Whether more than a few frames are missing by now."""
        return (now - self._since) / FRAME_S - (frames - self._frames) > MISSING_FRAMES


@asynccontextmanager
async def watched_line(
    ari: AriClient, channel_id: str, frames: Inbox, *, away: Callable[[], bool] = lambda: False
) -> AsyncIterator[None]:
    """Watch the line of an answered caller for as long as the block lasts. Never raises.

    `away`: the caller's sound goes elsewhere for now, which tells nothing of the line.
    """
    watch = asyncio.create_task(_watch(ari, channel_id, frames, away), name="line-watch")
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _watch(ari: AriClient, channel_id: str, frames: Inbox, away: Callable[[], bool]) -> None:
    try:
        await _give_buffer(ari, channel_id, frames, away)
    except TelephonyError as error:
        log.debug("telephony.line_not_watched", channel=channel_id, code=error.code)


async def _give_buffer(ari: AriClient, channel_id: str, frames: Inbox, away: Callable[[], bool]) -> None:
    """Return when there is no more to be done about this line. Raises TelephonyError."""
    time = asyncio.get_running_loop().time
    reordering, flow = Reordering(), None
    early = EARLY_CHECKS
    while True:
        await asyncio.sleep(EARLY_S if early > 0 else LATER_S)
        early -= 1
        if away():
            reordering, flow = Reordering(), None
            continue
        if flow is not None and not flow.short(time(), frames.received):
            reordering, early = Reordering(), max(early, CHECKS + 1)
            continue
        if reordering.feed(await ari.packets_received(channel_id), frames.received):
            break
        if flow is None or reordering.well:
            flow = Flow(time(), frames.received)
    await ari.set_variable(channel_id, BUFFER, BUFFER_ARGUMENTS)
    log.info("telephony.jitter_buffer", channel=channel_id)
    while True:
        await asyncio.sleep(EARLY_S)
        if away():
            reordering = Reordering()
        elif reordering.stalled(await ari.packets_received(channel_id), frames.received):
            log.warning("telephony.jitter_buffer_stalled", channel=channel_id)
            await ari.set_variable(channel_id, NO_BUFFER, "")
            return
