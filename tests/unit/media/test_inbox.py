"""Frames that wait for a reader."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.media.inbox import Inbox


async def test_frames_are_read_as_they_came_and_the_end_is_the_end() -> None:
    inbox = Inbox()
    for n in range(3):
        inbox.put(bytes([n]) * 320)
    inbox.close()
    inbox.put(bytes(320))
    assert [frame[0] async for frame in inbox] == [0, 1, 2]
    assert (inbox.received, inbox.dropped) == (3, 0)


async def test_a_reader_waits_for_the_next_frame() -> None:
    inbox = Inbox()
    reading = asyncio.create_task(anext(inbox))
    await asyncio.sleep(0)
    assert not reading.done()
    inbox.put(b"\1" * 320)
    assert await reading == b"\1" * 320


async def test_closing_ends_a_reader_that_waits() -> None:
    inbox = Inbox()
    reading = asyncio.create_task(anext(inbox, None))
    await asyncio.sleep(0)
    inbox.close()
    assert await reading is None


async def test_when_nobody_reads_the_oldest_go() -> None:
    inbox = Inbox(capacity=3)
    for n in range(5):
        inbox.put(bytes([n]) * 320)
    inbox.close()
    assert [frame[0] async for frame in inbox] == [2, 3, 4]
    assert (inbox.received, inbox.dropped) == (5, 2)


async def test_one_reader_only() -> None:
    inbox = Inbox()
    reading = asyncio.create_task(anext(inbox))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="two tasks"):
        await anext(inbox)
    inbox.put(bytes(320))
    await reading


async def test_a_cancelled_reader_leaves_the_inbox_usable() -> None:
    inbox = Inbox()
    reading = asyncio.create_task(anext(inbox))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    inbox.put(bytes(320))
    assert await anext(inbox) == bytes(320)


@settings(deadline=None)
@given(st.lists(st.integers(1, 2400), max_size=20))
async def test_packets_of_any_length_become_frames_of_20_ms(lengths: list[int]) -> None:
    inbox = Inbox(capacity=1000)
    sound = b"".join(n.to_bytes(2, "little") for n in range(sum(lengths)))
    position = 0
    for length in lengths:
        inbox.put(sound[position : position + 2 * length])
        position += 2 * length
    inbox.close()
    frames = [frame async for frame in inbox]
    assert all(len(frame) == 320 for frame in frames)
    assert b"".join(frames) == sound[: len(sound) // 320 * 320]
