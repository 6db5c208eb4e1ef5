from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from agent.domain.call import CallStatus
from agent.domain.dialing import DialResult
from agent.domain.outbound_rules import OutboundRefusedError, OutboundRule
from agent.outbound.dispatcher import AT_ONCE
from agent.settings import TrunkSettings
from agent.store import events
from tests.integration.outbound.bureau import NUMBER, OTHER, answering
from tests.integration.outbound.conftest import MakeBureau

TWO = {
    "first": TrunkSettings(endpoint="a", calls_per_second=100, caller_id="+493011111111"),
    "second": TrunkSettings(endpoint="b", calls_per_second=100, priority=20, strip_plus=True),
}


async def test_a_call_goes_out_with_all_that_was_ordered_and_is_told_step_by_step(bureau: MakeBureau) -> None:
    one = bureau(trunks=TWO)
    call = await one.order(variables={"name": "Ann"}, max_duration_s=60.0, record=False, detect_machine=True)
    await one.dialled(1)
    placed, dial = one.exchange.placed[0], one.exchange.dials[0]
    assert (placed.id, placed.status, placed.briefing.variables) == (call.id, "queued", {"name": "Ann"})
    assert (placed.briefing.max_duration_s, placed.briefing.record, placed.briefing.detect_machine) == (60, False, True)
    assert (dial.endpoint, dial.number, dial.caller_id) == ("a", NUMBER, "+493011111111")
    ended = await one.ends_after_answer(call.id)
    assert ended.outbound is not None
    assert (ended.status, ended.outbound.trunk, ended.outbound.attempts) == ("completed", "first", 1)
    async with one.store.read() as connection:
        kinds = [event.type for event in await events.after_sequence(connection, call.id, 0, limit=10)]
    assert kinds == ["call.created", "call.ringing", "call.answered", "call.ended", "call.transcript.ready"]
    assert (one.trunks.calls, one.places.taken) == (0, 0)


async def test_the_more_important_goes_first_and_what_is_not_due_waits(bureau: MakeBureau) -> None:
    one = bureau(max_calls=1)
    later = await one.order(OTHER, scheduled_at=datetime.now(UTC) + timedelta(hours=1), priority=100)
    low, high = await one.order(), await one.order(priority=1)
    await one.dialled(1)
    assert [call.id for call in one.exchange.placed] == [high.id]
    one.exchange.over.set()
    await one.ends(low.id)
    assert (await one.call(later.id)).status is CallStatus.QUEUED
    one.ahead.append(timedelta(hours=2))
    await one.ends(later.id)


async def test_a_call_waits_for_a_place(bureau: MakeBureau) -> None:
    one = bureau(places=1)
    first, second = await one.order(), await one.order(OTHER)
    await one.dialled(1)
    await one.dispatcher.look()
    assert (await one.call(second.id)).status is CallStatus.QUEUED
    assert one.places.taken == 1
    one.exchange.over.set()
    await one.ends(first.id)
    await one.ends(second.id)


async def test_calls_for_a_full_trunk_hold_up_none_for_another(bureau: MakeBureau) -> None:
    munich = TrunkSettings(endpoint="m", prefixes=("+4989",), max_calls=1)
    berlin = TrunkSettings(endpoint="b", prefixes=("+4930",), max_calls=1)
    one = bureau(trunks={"munich": munich, "berlin": berlin})
    for number in (*(f"+49891234{index:02}" for index in range(AT_ONCE + 2)), NUMBER):
        await one.order(number)
    assert {dial.trunk for dial in await one.dialled(2)} == {"munich", "berlin"}


async def test_a_trunk_that_fails_is_followed_by_the_next(bureau: MakeBureau) -> None:
    one = bureau(trunks=TWO)
    one.exchange.behaviour = answering({"first": DialResult.TRUNK_FAILED, "second": DialResult.ANSWERED})
    ended = await one.ends_after_answer((await one.order()).id)
    assert ended.outbound is not None
    assert (ended.status, ended.outbound.trunk, ended.outbound.attempts, ended.from_) == ("completed", "second", 2, "")
    assert [dial.number for dial in one.exchange.dials] == [NUMBER, NUMBER.removeprefix("+")]
    assert one.sleeps == []


async def test_a_number_that_is_busy_is_not_tried_over_another_trunk(bureau: MakeBureau) -> None:
    one = bureau(trunks=TWO)
    one.exchange.behaviour = lambda _dial: DialResult.BUSY
    await one.ends((await one.order(retries=3)).id)
    assert len(one.exchange.dials) == 1


async def test_without_any_trunk_a_call_fails_and_is_tried_again_only_if_asked(bureau: MakeBureau) -> None:
    one = bureau(trunks=TWO)
    one.exchange.behaviour = lambda _dial: DialResult.TRUNK_FAILED
    ended = await one.ends((await one.order()).id)
    assert (ended.status, ended.ended_reason, len(one.exchange.dials)) == ("failed", "telephony_error", 2)
    await one.ends((await one.order(retries=2)).id)
    assert (len(one.exchange.dials), one.sleeps) == (8, [10.0, 30.0])
    assert (one.trunks.calls, one.places.taken) == (0, 0)


async def test_rules_are_checked_again_when_the_turn_comes(bureau: MakeBureau) -> None:
    one = bureau()
    call = await one.order()
    await one.forbid(NUMBER)
    ended = await one.ends(call.id)
    assert (ended.status, ended.ended_reason, one.exchange.dials) == ("failed", "destination_not_allowed", [])
    assert ended.outbound is not None
    assert (ended.outbound.refusal, ended.outbound.dialled_at) == ("do_not_call", None)
    assert one.types(call.id) == ["call.created", "call.rejected", "call.ended"]


async def test_two_servers_never_dial_one_order_twice(bureau: MakeBureau) -> None:
    both = [bureau(server="one"), bureau(server="two")]
    ordered = [await both[number % 2].order(f"+49301234{number:04}") for number in range(24)]
    while sum(len(each.exchange.placed) for each in both) < len(ordered):
        await asyncio.gather(*(each.dispatcher.look() for each in both))
    await asyncio.gather(*(each.dispatcher.look() for each in both))
    placed = [call.id for each in both for call in each.exchange.placed]
    assert sorted(placed) == sorted(call.id for call in ordered)


async def test_room_on_a_trunk_is_each_servers_own_and_minutes_are_those_of_all(bureau: MakeBureau) -> None:
    line = {"main": TrunkSettings(endpoint="main", max_calls=2, calls_per_second=100)}
    both = [bureau(server=name, trunks=line, minutes_per_day=4) for name in ("one", "two")]
    for number in range(6):
        await both[0].order(f"+49301234{number:04}")
    for each in both:
        await each.dialled(2)
        await each.dispatcher.look()
    assert [each.trunks.calls_over("main") for each in both] == [2, 2]
    with pytest.raises(OutboundRefusedError) as caught:
        await both[1].order(NUMBER)
    assert caught.value.refusal.rule is OutboundRule.MINUTES


async def test_a_call_that_a_drain_kept_from_being_dialled_goes_back_to_the_queue(bureau: MakeBureau) -> None:
    drains, other = bureau(server="one"), bureau(server="two")
    drains.exchange.drains = True
    call = await drains.order()
    await drains.dispatcher.look()
    await drains.dispatcher.close()
    assert (await drains.call(call.id)).status is CallStatus.QUEUED
    assert (await other.ends_after_answer(call.id)).status == "completed"


async def test_a_call_that_nobody_leads_any_more_is_ended(bureau: MakeBureau) -> None:
    one = bureau()
    one.exchange.breaks = True
    ended = await one.ends((await one.order()).id)
    assert (ended.status, ended.ended_reason, one.trunks.calls) == ("failed", "internal_error", 0)


async def test_it_dials_by_itself_when_something_is_ordered(bureau: MakeBureau) -> None:
    one = bureau()
    one.dispatcher.start()
    one.exchange.over.set()
    call = await one.order()
    await one.exchange.led(1)
    assert (await one.call(call.id)).status == "completed"
    assert one.dispatcher.going


async def test_a_call_whose_agent_was_deleted_is_not_dialled(bureau: MakeBureau) -> None:
    one = bureau(agents=False)
    ended = await one.ends((await one.order()).id)
    assert (ended.status, ended.ended_reason, one.exchange.dials) == ("failed", "canceled", [])
    assert ended.outbound is not None
    assert ended.outbound.refusal == "agent_gone"


async def test_a_trunk_without_room_is_waited_for_when_it_is_the_only_one_left(bureau: MakeBureau) -> None:
    full = TrunkSettings(endpoint="b", calls_per_second=100, priority=20, max_calls=1)
    one = bureau(trunks={"first": TWO["first"], "second": full})
    one.exchange.behaviour = answering({"first": DialResult.TRUNK_FAILED, "second": DialResult.ANSWERED})
    talks = await one.order()
    await one.dialled(2)
    waits = await one.order(OTHER)
    await one.dialled(3)
    assert [dial.trunk for dial in one.exchange.dials] == ["first", "second", "first"]
    assert not (await one.call(waits.id)).status.terminal
    one.exchange.over.set()
    assert [(await one.ends(call.id)).status for call in (talks, waits)] == ["completed", "completed"]
    assert one.exchange.dials[3].trunk == "second"
