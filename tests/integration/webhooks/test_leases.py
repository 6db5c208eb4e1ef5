"""Several senders on one database, and one that dies between sending and recording."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

from aiohttp import web

from agent.store import webhook_deliveries, webhook_endpoints, webhook_leases
from agent.store.webhook_deliveries import DeliveryStatus
from agent.store.webhook_endpoints import DisabledReason, WebhookEndpoint
from agent.store.webhook_leases import Attempt, Lease
from agent.webhooks.sender import sender_line
from tests.integration.webhooks.post_room import PostRoom
from tests.integration.webhooks.receiver import Received, Receiver

LEASE = timedelta(seconds=30)


async def claim(room: PostRoom, endpoint: WebhookEndpoint, sender: str, limit: int = 100) -> list[Lease]:
    async with room.store.write() as connection:
        await webhook_endpoints.locked(connection, endpoint.id)
        return await webhook_leases.claim(
            connection, endpoint.id, sender=sender, now=room.now, until=room.now + LEASE, limit=limit
        )


async def finish(room: PostRoom, endpoint: WebhookEndpoint, sender: str, *attempts: Attempt) -> None:
    async with room.store.write() as connection:
        await webhook_leases.finish(connection, endpoint.id, attempts, sender=sender, now=room.now)


async def test_two_senders_share_without_doubling(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    sent = [(await room.event(f"call_{number % 30}")).id for number in range(150)]
    room.sender()
    room.sender()
    await room.pass_time()
    while any(one.status == "pending" for one in await room.deliveries(endpoint)):
        await room.pass_time()
        await asyncio.sleep(0)
    assert Counter(one.id for one in receiver.received) == Counter(sent)
    for number in range(30):
        own = [one.event["sequence"] for one in receiver.received if one.event["call_id"] == f"call_{number}"]
        assert own == sorted(own)


async def test_what_a_dead_sender_had_sent_but_not_recorded_is_sent_again(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    first, second = await room.event(), await room.event()
    (lease,) = await claim(room, endpoint, "dead")
    assert lease.event == first
    room.sender()
    await room.pass_time(seconds=29)
    assert await claim(room, endpoint, "other") == [], "the second event waits for the first, whoever holds it"
    await room.pass_time(seconds=1)
    await room.until_settled(endpoint)
    assert [one.id for one in receiver.received] == [first.id, second.id]
    assert [one.attempts for one in await room.deliveries(endpoint)] == [1, 1]


async def test_the_successor_of_a_dead_sender_does_not_wait_for_its_leases(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    first, second, others = await room.event(), await room.event(), await room.event("call_2")
    (own, other) = await claim(room, endpoint, f"{sender_line('box_1')}_01", limit=2)
    assert [own.event, other.event] == [first, others]
    async with room.store.write() as connection:
        await webhook_leases.release(connection, [other], sender=f"{sender_line('box_1')}_01")
    (other,) = await claim(room, endpoint, f"{sender_line('box-1')}_02")
    assert other.event == others
    room.sender("box_1")
    await receiver.until_received(2)
    await room.until(endpoint, lambda found: [one.status for one in found] == ["delivered", "delivered", "pending"])
    assert [one.id for one in receiver.received] == [first.id, second.id], "what another server holds is left alone"
    await room.pass_time(seconds=31)
    await room.until_settled(endpoint)


async def test_a_sender_that_lost_its_lease_cannot_take_a_success_back(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    (old,) = await claim(room, endpoint, "slow")
    room.now += LEASE
    (new,) = await claim(room, endpoint, "quick")
    failed = Attempt(old, DeliveryStatus.PENDING, room.now + LEASE, 500, "x")
    await finish(room, endpoint, "slow", failed)
    assert (await room.deliveries(endpoint))[0].attempts == 0
    await finish(room, endpoint, "quick", Attempt(new, DeliveryStatus.DELIVERED, response_status=200))
    await finish(room, endpoint, "slow", failed)
    (delivery,) = await room.deliveries(endpoint)
    assert (delivery.status, delivery.attempts) == ("delivered", 1)


async def test_a_lease_that_was_not_used_is_free_again(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    leases = await claim(room, endpoint, "one")
    assert await claim(room, endpoint, "two") == []
    async with room.store.write() as connection:
        await webhook_leases.release(connection, leases, sender="two")
    assert await claim(room, endpoint, "two") == []
    async with room.store.write() as connection:
        await webhook_leases.release(connection, leases, sender="one")
    assert len(await claim(room, endpoint, "two")) == 1


async def test_what_waits_behind_slow_requests_is_given_back_in_time(room: PostRoom, receiver: Receiver) -> None:
    async def hang(_request: web.Request, _received: Received) -> web.StreamResponse:
        await go_on.wait()
        return web.Response()

    go_on = asyncio.Event()
    receiver.respond["/hooks"] = hang
    endpoint = await room.endpoint(receiver.url())
    for number in range(20):
        await room.event(f"call_{number}")
    room.sender()
    await receiver.until_received(8)
    room.now += timedelta(seconds=16)  # another 15 s would go beyond the lease
    go_on.set()
    await room.until_settled(endpoint)
    assert len(receiver.received) == 20
    assert len({one.id for one in receiver.received}) == 20


async def test_a_sender_that_is_closed_finishes_what_it_sends_and_begins_nothing(
    room: PostRoom, receiver: Receiver
) -> None:
    async def hang(_request: web.Request, _received: Received) -> web.StreamResponse:
        await go_on.wait()
        return web.Response()

    go_on = asyncio.Event()
    receiver.respond["/hooks"] = hang
    endpoint = await room.endpoint(receiver.url())
    for number in range(20):
        await room.event(f"call_{number}")
    sender = room.sender()
    await receiver.until_received(8)
    closing = asyncio.create_task(sender.close(timeout_s=60))
    await asyncio.sleep(0)
    go_on.set()
    await closing
    states = Counter(one.status for one in await room.deliveries(endpoint))
    assert states == {"delivered": 8, "pending": 12}
    assert len(await claim(room, endpoint, "next")) == 12, "their leases were given back"


async def test_a_success_after_the_endpoint_was_disabled_counts(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    await room.event("call_1")
    await room.event("call_2")
    one, two = await claim(room, endpoint, "sender")
    async with room.store.write() as connection:
        disable = webhook_endpoints.disable
        assert await disable(connection, endpoint.id, DisabledReason.REQUESTED, now=room.now) is not None
        assert await disable(connection, endpoint.id, DisabledReason.GONE, now=room.now) is None
    await finish(
        room,
        endpoint,
        "sender",
        Attempt(one, DeliveryStatus.DELIVERED, response_status=200),
        Attempt(two, DeliveryStatus.PENDING, room.now, 500, "x"),
    )
    assert [one.status for one in await room.deliveries(endpoint)] == ["delivered", "canceled"]


async def test_the_backlog_is_of_enabled_endpoints(room: PostRoom, receiver: Receiver) -> None:
    waiting, idle = await room.endpoint(receiver.url()), await room.endpoint(receiver.url(), ("ping",))
    first = await room.event()
    room.now += LEASE
    await room.event()
    async with room.store.read() as connection:
        (found,) = await webhook_deliveries.backlog(connection)
        assert (found.endpoint_id, found.pending, found.oldest) == (waiting.id, 2, first.at)
        assert await webhook_leases.due(connection, room.now) == [waiting.id]
    assert idle.id != waiting.id
