from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from typing import Any

import pytest

from agent.rehearsal.events import CallFollower, EventFeed


def _changed(call_id: str, caller: str, status: str) -> dict[str, Any]:
    return {"type": "call.changed", "call_id": call_id, "call": {"caller": caller, "status": status}}


async def _fed(feed: EventFeed, chunks: Sequence[bytes]) -> None:
    """Write, close, and wait until all was read."""
    writing = await feed.open()
    for chunk in chunks:
        os.write(writing, chunk)
        await asyncio.sleep(0)
    os.close(writing)
    with pytest.raises(asyncio.CancelledError):
        await feed.ready
    await feed.close()


async def test_events_reach_every_listener_however_the_bytes_are_cut() -> None:
    events = [_changed("call_1", "2001", "ringing"), {"type": "call.trouble", "call_id": "call_1", "code": "ü"}]
    data = b"".join(json.dumps(event).encode() + b"\n" for event in events)
    for size in (1, 7, len(data)):
        seen: list[Any] = []
        feed = EventFeed()
        with feed.listening(seen.append):
            await _fed(feed, [data[at : at + size] for at in range(0, len(data), size)])
        assert seen == events


async def test_ready_is_known_when_the_server_says_so() -> None:
    feed = EventFeed()
    writing = await feed.open()
    os.write(writing, b'{"type": "server.ready", "http": 8080}\n')
    assert (await feed.ready)["http"] == 8080
    os.close(writing)
    await feed.close()


async def test_a_listener_hears_nothing_after_its_context() -> None:
    seen: list[Any] = []
    feed = EventFeed()
    with feed.listening(seen.append):
        pass
    await _fed(feed, [b'{"type": "x"}\n'])
    assert seen == []


@pytest.mark.parametrize(("line", "error"), [(b"nonsense\n", ValueError), (b"{}\n", KeyError)])
async def test_a_line_that_is_no_event_is_not_passed_over(line: bytes, error: type[Exception]) -> None:
    feed = EventFeed()
    writing = await feed.open()
    os.write(writing, line)
    with pytest.raises(asyncio.CancelledError):
        await feed.ready
    os.close(writing)
    with pytest.raises(error):
        await feed.close()


async def test_a_follower_keeps_to_its_own_call() -> None:
    follower = CallFollower("2001")
    for event in (
        {"type": "server.ready"},
        _changed("call_other", "2002", "ringing"),
        _changed("call_mine", "2001", "ringing"),
        _changed("call_mine", "2001", "in-progress"),
        _changed("call_other", "2002", "completed"),
    ):
        follower(event)
    assert not follower.over.done()
    follower(_changed("call_mine", "2001", "completed"))
    assert follower.over.done()
    assert [event["call"]["status"] for event in follower.events] == ["ringing", "in-progress", "completed"]


async def test_a_later_call_from_the_same_number_is_another_call() -> None:
    follower = CallFollower("2001")
    follower(_changed("call_a", "2001", "completed"))
    follower(_changed("call_b", "2001", "ringing"))
    assert len(follower.events) == 1
