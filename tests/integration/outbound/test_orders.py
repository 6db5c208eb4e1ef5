from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from agent.domain.call import CallStatus
from agent.domain.dialing import Dial
from agent.domain.events import OptedOut
from agent.domain.outbound_rules import OutboundRefusedError, OutboundRule
from agent.ops.backlog_metrics import BacklogMetrics
from agent.store import do_not_call, erasure, orders, switches
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.leftovers import close_leftovers
from tests.integration.outbound.bureau import NUMBER, OTHER, Bureau
from tests.integration.outbound.conftest import MakeBureau


async def refused(bureau: Bureau, number: str = NUMBER, **more: object) -> OutboundRule:
    with pytest.raises(OutboundRefusedError) as caught:
        await bureau.order(number, **more)
    return caught.value.refusal.rule


async def test_an_order_is_a_queued_call_that_is_told_once(bureau: MakeBureau) -> None:
    one = bureau()
    call = await one.order(variables={"name": "Ann"}, metadata={"ticket": 1}, priority=5)
    assert (call.status, call.from_, call.to, call.direction) == ("queued", "", NUMBER, "outbound")
    assert (call.variables, call.metadata) == ({"name": "Ann"}, {"ticket": 1})
    assert call.outbound is not None
    assert (call.outbound.priority, call.outbound.attempts, call.outbound.dialled_at) == (5, 0, None)
    assert one.types(call.id) == ["call.created"]


async def test_two_orders_at_once_cannot_both_have_the_last_attempt(bureau: MakeBureau) -> None:
    one, other = bureau(attempts_per_number=3), bureau(attempts_per_number=3, server="two")
    await one.order()
    results = await asyncio.gather(*(each.order() for each in (one, other) * 3), return_exceptions=True)
    rules = [result.refusal.rule for result in results if isinstance(result, OutboundRefusedError)]
    assert rules == [OutboundRule.ATTEMPTS] * 4
    assert len(results) - len(rules) == 2
    await one.order(OTHER)


async def test_attempts_are_those_of_24_hours_around_the_time_ordered(bureau: MakeBureau) -> None:
    one = bureau(attempts_per_number=1)
    tomorrow = datetime.now(UTC) + timedelta(hours=30)
    await one.order(scheduled_at=tomorrow)
    assert await refused(one, scheduled_at=tomorrow - timedelta(hours=23)) is OutboundRule.ATTEMPTS
    now = await one.order()
    assert await refused(one) is OutboundRule.ATTEMPTS
    assert await one.desk.cancel(now.id)
    await one.order()  # what was never dialled was no attempt


async def test_minutes_and_money_are_counted_over_the_calls_themselves(bureau: MakeBureau) -> None:
    one = bureau(minutes_per_day=2, spend_per_day=0.5, prices={"+49": 0.2, "+4989": 0.5})
    first = await one.order()
    await one.dialled(1)
    await one.order(OTHER)  # one minute was begun, and 0.20 spent
    await one.dialled(2)
    assert await refused(one) is OutboundRule.MINUTES
    one.exchange.over.set()
    assert (await one.ends(first.id)).status == "completed"
    spends = bureau(spend_per_day=0.5, prices={"+49": 0.2, "+4989": 0.5})
    expensive = await spends.order("+4989123456")
    await spends.dialled(1)
    assert await refused(spends) is OutboundRule.SPEND
    assert not (await spends.call(expensive.id)).status.terminal
    spends.ahead.append(timedelta(hours=25))
    await spends.order()


async def test_the_list_the_switch_and_the_queue_refuse_by_their_own_rules(bureau: MakeBureau) -> None:
    one = bureau(max_queued=1)
    await one.forbid(NUMBER)
    assert await refused(one) is OutboundRule.DO_NOT_CALL
    waiting = await one.order(OTHER)
    assert await refused(one, OTHER) is OutboundRule.QUEUE_FULL
    async with one.store.write() as connection:
        await switches.turn_on(connection, switches.OUTBOUND_STOP, now=datetime.now(UTC), reason="")
    assert await refused(one, OTHER) is OutboundRule.STOPPED
    await one.dispatcher.look()
    assert (await one.call(waiting.id)).status is CallStatus.QUEUED
    async with one.store.write() as connection:
        await switches.turn_off(connection, switches.OUTBOUND_STOP)
    await one.dialled(1)


async def test_an_order_that_waits_can_be_taken_back_once(bureau: MakeBureau) -> None:
    one = bureau()
    call = await one.order()
    assert await one.desk.cancel(call.id)
    assert not await one.desk.cancel(call.id)
    ended = await one.call(call.id)
    assert (ended.status, ended.ended_reason) == ("canceled", "canceled")
    assert one.types(call.id) == ["call.created", "call.ended"]
    await one.dispatcher.look()
    assert one.exchange.dials == []


async def test_a_start_leaves_what_waits_and_ends_what_was_taken(bureau: MakeBureau) -> None:
    """As after `kill -9` right behind the transaction that takes an order."""
    one = bureau()
    taken, waits = await one.order(), await one.order(OTHER)
    way = Dial("main", "main", NUMBER, "", 30.0)
    async with one.store.write() as connection:
        assert await orders.take(connection, way, taken.id, server="one", now=datetime.now(UTC))
        assert not await orders.take(connection, way, taken.id, server="two", now=datetime.now(UTC))
    told = await close_leftovers(one.store, Chronicle(one.store, server="one"), server="one", now=datetime.now(UTC))
    assert [(event.type, event.call_id) for event in told] == [("call.ended", taken.id)]
    ended = await one.call(taken.id)
    assert (ended.status, ended.ended_reason) == ("failed", "internal_error")
    await one.ends_after_answer(waits.id)
    assert len(one.exchange.dials) == 1


async def test_nothing_of_a_person_stays_in_an_order_that_was_erased(bureau: MakeBureau) -> None:
    one = bureau(attempts_per_number=5)
    call = await one.order()
    await one.ends_after_answer(call.id)
    async with one.store.write() as connection:
        await erasure.erase(connection, call.id, now=datetime.now(UTC))
    shown = await one.call(call.id)
    assert (shown.to, shown.variables) == (None, {})
    async with one.store.read() as connection:
        assert await orders.get(connection, call.id) is None


async def test_who_opts_out_is_on_the_list_in_the_same_transaction_and_not_called_again(bureau: MakeBureau) -> None:
    one = bureau()
    call = await one.order()
    await one.ends_after_answer(call.id)
    happened = OptedOut(call.id, datetime.now(UTC), number=NUMBER)
    async with one.store.write() as connection:
        told = await Chronicle(one.store, server="one").write(connection, happened)
        await Chronicle(one.store, server="one").write(connection, happened)
    async with one.store.read() as connection:
        (entry,) = await do_not_call.listed(connection, limit=9)
    assert (entry.number, entry.source, entry.call_id) == (NUMBER, "spoken", call.id)
    assert [(event.type, event.data) for event in told] == [("call.opted_out", {"do_not_call_id": entry.id})]
    shown = (await one.call(call.id)).outbound
    assert shown is not None
    assert shown.opted_out
    assert await refused(one) is OutboundRule.DO_NOT_CALL
    async with one.store.write() as connection:
        await erasure.erase(connection, call.id, now=datetime.now(UTC))
    async with one.store.read() as connection:
        (kept,) = await do_not_call.listed(connection, limit=9)
    assert (kept.number, kept.call_id) == (NUMBER, None)


async def test_many_orders_that_wait_for_the_database_leave_it_to_others(bureau: MakeBureau) -> None:
    one = bureau()
    async with one.store.write() as connection:
        await one.store.lock_orders(connection)
        ordering = [asyncio.create_task(one.order(f"+49301234{number:04}")) for number in range(30)]
        for _ in range(5):
            assert await _waiting(one.store) == (0, 0)
        assert not any(task.done() for task in ordering)
    assert len({call.id for call in await asyncio.gather(*ordering)}) == 30


async def test_what_waits_is_told_with_how_long_the_first_is_due(bureau: MakeBureau) -> None:
    one = bureau()
    assert await _waiting(one.store) == (0, 0)
    call = await one.order()
    await one.order(OTHER, scheduled_at=datetime.now(UTC) + timedelta(hours=1))
    at = call.created_at
    assert await _waiting(one.store, at + timedelta(seconds=7)) == (2, 7)
    await one.desk.cancel(call.id)
    assert await _waiting(one.store, at + timedelta(minutes=30)) == (1, 0)


async def _waiting(store: Store, now: datetime | None = None) -> tuple[float | None, float | None]:
    """As Prometheus is told: how many, and for how many seconds the first is due."""
    registry = CollectorRegistry()
    metrics = BacklogMetrics(registry, store, now=lambda: now or datetime.now(UTC))
    await metrics.look()
    await metrics.close()
    return (
        registry.get_sample_value("phone_agent_outbound_waiting"),
        registry.get_sample_value("phone_agent_outbound_oldest_seconds"),
    )


async def test_orders_taken_in_one_look_are_counted_against_each_other(bureau: MakeBureau) -> None:
    """Two were ordered while nothing was used up; the first of them uses up the day."""
    one = bureau(minutes_per_day=1)
    first, second = await one.order(), await one.order(OTHER)
    await one.dispatcher.look()
    refused = await one.ends_after_answer(second.id)
    assert (refused.status, (await one.ends(first.id)).status) == ("failed", "completed")
    assert [dial.number for dial in one.exchange.dials] == [NUMBER]
