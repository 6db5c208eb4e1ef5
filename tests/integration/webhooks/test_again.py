"""Sending again on request: one delivery, or all of a span of time."""

from __future__ import annotations

from datetime import timedelta

from agent.store import webhook_deliveries, webhook_endpoints
from agent.store.keyset import Position
from agent.store.webhook_endpoints import DisabledReason
from agent.store.webhook_replay import replay
from tests.integration.webhooks.post_room import START, PostRoom
from tests.integration.webhooks.receiver import Receiver, answers

HOUR = timedelta(hours=1)
SPAN = (START - HOUR, START + HOUR / 2)


async def test_replay_brings_what_was_missed_and_keeps_ids(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    room.sender()
    delivered = await room.event("call_1")
    await room.pass_time()
    await room.until_settled(endpoint)
    canceled = await room.event("call_1")
    async with room.store.write() as connection:
        await webhook_endpoints.disable(connection, endpoint.id, DisabledReason.REQUESTED, now=room.now)
    missed = await room.event("call_1")
    await room.event("call_1", "call.turn.completed")
    room.now += HOUR
    await room.event("call_1")
    async with room.store.write() as connection:
        await webhook_endpoints.enable(connection, endpoint.id, now=room.now)

    assert await replay(room.store, endpoint.id, *SPAN, now=room.now) == 2
    assert await replay(room.store, endpoint.id, *SPAN, now=room.now) == 0, "they are pending"
    assert await replay(room.store, "unknown", *SPAN, now=room.now) == 0
    await room.pass_time()
    await room.until_settled(endpoint)
    assert [one.id for one in receiver.received] == [delivered.id, canceled.id, missed.id]

    again = await replay(room.store, endpoint.id, *SPAN, include_delivered=True, now=room.now)
    assert again == 3
    await room.pass_time()
    await receiver.until_received(6)
    await room.until_settled(endpoint)
    assert [one.id for one in receiver.received[3:]] == [delivered.id, canceled.id, missed.id]


async def test_what_is_pending_behind_a_replayed_event_is_due_after_it(room: PostRoom, receiver: Receiver) -> None:
    await room.event("call_1")
    endpoint = await room.endpoint(receiver.url())
    await room.event("call_1")
    await room.event("call_2")
    assert await replay(room.store, endpoint.id, *SPAN, now=room.now) == 1
    first, second, other = await room.deliveries(endpoint)
    assert first.next_attempt_at == room.now
    assert second.next_attempt_at > first.next_attempt_at > other.next_attempt_at


async def test_replay_sends_at_once_what_waits_in_the_order_of_each_call(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/hooks"] = answers(503)
    endpoint = await room.endpoint(receiver.url())
    waiting = [await room.event("call_1"), await room.event("call_1")]
    room.sender()
    await room.until(endpoint, lambda found: found[0].attempts == 1)
    receiver.respond.clear()
    seen = len(receiver.received)
    waits_until = [one.next_attempt_at for one in await room.deliveries(endpoint)]
    await replay(room.store, endpoint.id, START - 2 * HOUR, START - HOUR, now=room.now)
    assert [one.next_attempt_at for one in await room.deliveries(endpoint)] == waits_until, "they are of later events"
    assert await replay(room.store, endpoint.id, START + HOUR, START + 2 * HOUR, now=room.now) == 0, "none is new"
    first, second = await room.deliveries(endpoint)
    assert (first.attempts, first.next_attempt_at, second.next_attempt_at) == (1, room.now, room.now)
    await room.pass_time()
    await room.until_settled(endpoint)
    assert [one.id for one in receiver.received[seen:]] == [event.id for event in waiting]


async def test_replay_of_more_than_one_transaction(room: PostRoom, receiver: Receiver) -> None:
    async with room.store.write() as connection:
        for number in range(501):
            await room.append(connection, f"call_{number}", "call.ended")
    endpoint = await room.endpoint(receiver.url())
    assert await replay(room.store, endpoint.id, *SPAN, now=room.now) == 501


async def test_retry_of_one_makes_earlier_ones_of_its_call_due(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/hooks"] = answers(500)
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    second = await room.event()
    room.sender()
    await room.until(endpoint, lambda found: found[0].attempts == 1)
    receiver.respond.clear()
    later = (await room.deliveries(endpoint))[1]
    async with room.store.write() as connection:
        due = await webhook_deliveries.retry(connection, later.id, now=room.now)
        assert due is not None
        assert due.next_attempt_at == room.now
        assert await webhook_deliveries.retry(connection, "unknown", now=room.now) is None
    await room.pass_time()
    await room.until_settled(endpoint)
    assert receiver.received[-1].id == second.id

    async with room.store.write() as connection:
        again = await webhook_deliveries.retry(connection, later.id, now=room.now)
        assert again is not None
        assert (again.status, again.attempts) == ("pending", 0)
    await room.pass_time()
    await room.until_settled(endpoint)
    assert [one.id for one in receiver.received[-2:]] == [second.id, second.id]


async def test_lists_have_pages_and_filters(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    for number in range(5):
        await room.event(f"call_{number % 2}", "call.ended" if number else "call.created")
        room.now += HOUR
    async with room.store.read() as connection:
        listed = webhook_deliveries.listed
        first = await listed(connection, endpoint.id, limit=3)
        assert len(first) == 4, "one more tells that the list goes on"
        position = Position(first[2].created_at, first[2].id)
        rest = await listed(connection, endpoint.id, limit=3, after=position)
        times = [one.created_at for one in first[:3] + rest]
        assert times == sorted(times, reverse=True)
        assert len(times) == 5
        assert len(await listed(connection, endpoint.id, limit=9, call_id="call_1", status="pending")) == 2
        assert len(await listed(connection, endpoint.id, limit=9, event_type="call.created")) == 1
        assert await listed(connection, endpoint.id, limit=9, status="dead") == []
        assert await webhook_deliveries.get(connection, first[0].id) == first[0]
        assert await webhook_deliveries.get(connection, "unknown") is None
