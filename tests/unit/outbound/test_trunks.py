from __future__ import annotations

import asyncio

import pytest

from agent.outbound.trunks import Trunks
from agent.settings import OutboundSettings, TrunkSettings

NUMBER = "+493012345678"


def trunks(**more: float) -> Trunks:
    settings = OutboundSettings.model_validate(
        {
            "trunks": {
                "one": TrunkSettings(endpoint="one", max_calls=2, calls_per_second=1),
                "two": TrunkSettings(endpoint="two", priority=20, max_calls=1, calls_per_second=100),
            },
            **more,
        }
    )
    return Trunks(settings)


def test_each_trunk_has_its_own_rate_and_its_own_places() -> None:
    lines = trunks()
    assert lines.free(lines.ways(NUMBER), 0.0) == "one"
    lines.begin("a", "one", 0.0)
    assert lines.wait_for_s("one", 0.0) == pytest.approx(1.0)
    assert lines.free(lines.ways(NUMBER), 0.0) == "two"
    lines.begin("b", "two", 0.0)
    assert lines.wait_for_s("two", 5.0) is None
    assert lines.free(lines.ways(NUMBER), 1.0) == "one"
    lines.begin("c", "one", 1.0)
    assert lines.free(lines.ways(NUMBER), 9.0) is None
    lines.end("b")
    assert lines.free(lines.ways(NUMBER), 9.0) == "two"


def test_all_calls_together_have_a_bound_and_a_rate() -> None:
    lines = trunks(max_calls=2, calls_per_second=0.5)
    lines.begin("a", "one", 0.0)
    assert lines.wait_s(0.0) == pytest.approx(2.0)
    lines.begin("b", "two", 2.0)
    assert (lines.wait_s(60.0), lines.calls) == (None, 2)
    lines.end("a")
    assert lines.wait_s(60.0) == 0


def test_a_call_that_goes_over_to_another_trunk_stays_one_call_of_all() -> None:
    lines = trunks(max_calls=1)
    lines.begin("a", "one", 0.0)
    lines.leave("a", "one")
    lines.begin("a", "two", 0.0)
    assert (lines.calls, lines.calls_over("one"), lines.calls_over("two")) == (1, 0, 1)


async def test_who_waits_for_room_gets_it_when_a_call_has_ended() -> None:
    lines = trunks()
    clock = asyncio.get_running_loop().time
    lines.begin("a", "two", clock())
    waiting = asyncio.create_task(lines.room(["two"], clock))
    await asyncio.sleep(0)
    assert not waiting.done()
    lines.end("a")
    assert await asyncio.wait_for(waiting, 10) == "two"
