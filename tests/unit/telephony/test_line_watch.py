"""When a caller gets a jitter buffer: where Asterisk drops what came in disorder, and never for what was lost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from typing import cast

import pytest

from agent.errors import TelephonyError
from agent.media.inbox import Inbox
from agent.telephony.ari import AriClient
from agent.telephony.line_watch import BUFFER, BUFFER_ARGUMENTS, NO_BUFFER, Reordering, watched_line
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_asterisk import FakeAsterisk
from tests.unit.telephony.fake_channel import FakeChannel
from tests.unit.telephony.fake_media import FakeMediaServer


def found(*counts: tuple[int, int]) -> list[bool]:
    reordering = Reordering()
    return [reordering.feed(packets, frames) for packets, frames in counts]


def steadily(packets: int, frames: int, times: int = 4) -> Iterable[tuple[int, int]]:
    """So many of both between two checks; a few packets came before anybody looked."""
    return [(30 + number * packets, 20 + number * frames) for number in range(times)]


def test_dropped_packets_are_found_by_the_third_look() -> None:
    assert found(*steadily(100, 78)) == [False, False, True, True]


@pytest.mark.parametrize(
    ("packets", "frames"),
    [(100, 100), (95, 95), (100, 97), (101, 98), (20, 10), (0, 0), (50, 100), (34, 100)],
    ids=["good", "lost on the way", "under way", "faster", "mostly silent", "muted", "40 ms packets", "60 ms packets"],
)
def test_other_lines_get_none(packets: int, frames: int) -> None:
    assert not any(found(*steadily(packets, frames)))


def test_one_bad_moment_is_not_enough() -> None:
    assert not any(found((0, 0), (100, 80), (200, 180), (300, 260), (400, 360)))


async def _watched(asterisk: FakeAsterisk, seconds: float, *, frames_from_s: float = 1000) -> dict[str, str]:
    """Frames of the telephone come to us only from then on, 50 a second; Asterisk receives packets all the time."""
    channel = asterisk.channels_by_id["1.1"] = FakeChannel("1.1", "1000", state="Up")
    frames = Inbox()
    asterisk.packets = itertools.count(0, 50)
    async with watched_line(cast("AriClient", asterisk), "1.1", frames):
        for second in range(round(seconds)):
            for _ in range(50 if second >= frames_from_s else 0):
                frames.put(bytes(320))
            await asyncio.sleep(1)
    return channel.variables


def test_a_bad_line_gets_its_buffer_and_keeps_it_where_it_helps() -> None:
    async def main() -> None:
        assert await _watched(FakeAsterisk(FakeMediaServer()), 60, frames_from_s=4) == {BUFFER: BUFFER_ARGUMENTS}

    run(main())


def test_a_buffer_that_lets_nothing_through_is_taken_away_again() -> None:
    async def main() -> None:
        asterisk = FakeAsterisk(FakeMediaServer())
        assert await _watched(asterisk, 60) == {BUFFER: BUFFER_ARGUMENTS, NO_BUFFER: ""}
        assert asterisk.requests[-2:] == ["packets_received", "set_variable"]
        assert len(asterisk.requests) == 6

    run(main())


@pytest.mark.parametrize("request_name", ["packets_received", "set_variable"])
def test_an_asterisk_that_cannot_do_it_is_left_alone(request_name: str) -> None:
    async def main() -> None:
        asterisk = FakeAsterisk(FakeMediaServer())
        asterisk.failing[request_name] = TelephonyError("refused", code="ari_refused")
        assert await _watched(asterisk, 60) == {}
        assert asterisk.requests.count(request_name) == 1

    run(main())


def test_a_caller_who_is_elsewhere_gets_none() -> None:
    async def on_hold() -> dict[str, str]:
        asterisk = FakeAsterisk(FakeMediaServer())
        channel = asterisk.channels_by_id["1.1"] = FakeChannel("1.1", "1000", state="Up")
        asterisk.packets = itertools.count(0, 50)
        async with watched_line(cast("AriClient", asterisk), "1.1", Inbox(), away=lambda: True):
            await asyncio.sleep(30)
        return channel.variables

    assert run(on_hold()) == {}
