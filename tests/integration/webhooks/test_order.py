"""In which order an endpoint is told, and that no endpoint waits for another."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.integration.webhooks.post_room import PostRoom
from tests.integration.webhooks.receiver import Received, Receiver, answers


async def test_events_of_a_call_come_signed_and_in_order(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    sent = [await room.event("call_1") for _ in range(20)]
    room.sender()
    await room.until_settled(endpoint)
    assert [one.event for one in receiver.received] == [event.as_json() for event in sent]
    assert all(one.verified(endpoint.secret) for one in receiver.received)
    assert [one.id for one in receiver.received] == [event.id for event in sent]
    assert receiver.received[0].headers["content-type"] == "application/json"
    assert receiver.received[0].headers["user-agent"].startswith("phone-agent/")
    deliveries = await room.deliveries(endpoint)
    assert {(one.status, one.attempts, one.response_status, one.error) for one in deliveries} == {
        ("delivered", 1, 204, None)
    }


async def test_a_failed_event_holds_up_only_its_own_call(room: PostRoom, receiver: Receiver) -> None:
    async def respond(_request: web.Request, received: Received) -> web.StreamResponse:
        fails = received.event["call_id"] == "call_bad" and len(tries) < 1
        if fails:
            tries.append(received)
        return web.Response(status=500 if fails else 200)

    tries: list[Received] = []
    receiver.respond["/hooks"] = respond
    endpoint = await room.endpoint(receiver.url())
    for call in ("call_bad", "call_good"):
        for _ in range(3):
            await room.event(call)
    await room.event(None, "system.degraded")
    sender = room.sender()
    await room.until(endpoint, lambda found: sum(one.status == "delivered" for one in found) == 4)
    of_bad = [one for one in await room.deliveries(endpoint) if one.call_id == "call_bad"]
    assert [(one.status, one.attempts) for one in of_bad] == [("pending", 1), ("pending", 0), ("pending", 0)]
    dues = [(one.next_attempt_at - of_bad[0].next_attempt_at).total_seconds() for one in of_bad]
    assert dues == [0, 1e-6, 2e-6], "later ones wait as long"

    late = await room.event("call_bad")
    sender.wake()
    await room.pass_time(seconds=5)
    await room.until_settled(endpoint)
    arrived = [one.event["sequence"] for one in receiver.received if one.event["call_id"] == "call_bad"]
    assert arrived == [1, 1, 2, 3, late.sequence]


async def test_a_dead_endpoint_delays_no_other(room: PostRoom, receiver: Receiver) -> None:
    async def hang(_request: web.Request, _received: Received) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    never = asyncio.Event()
    receiver.respond["/dead"] = hang
    dead, alive = await room.endpoint(receiver.url("/dead")), await room.endpoint(receiver.url("/alive"))
    for number in range(40):
        await room.event(f"call_{number}")
    room.sender()
    await room.until_settled(alive)
    await receiver.until(lambda: len(receiver.at("/dead")) == 8)  # as many as may run at once
    assert len(receiver.at("/alive")) == 40
    room.timeouts.expire(15)
    await room.until(dead, lambda found: any(one.error for one in found))
    failed = [one for one in await room.deliveries(dead) if one.error]
    assert failed[0].error == "The endpoint did not answer within 15 s."
    assert failed[0].response_status is None
    never.set()


async def test_types_are_chosen(room: PostRoom, receiver: Receiver) -> None:
    usual = await room.endpoint(receiver.url("/usual"))
    turns = await room.endpoint(receiver.url("/turns"), ("call.turn.completed",))
    await room.event("call_1", "call.turn.completed")
    await room.event("call_1", "call.ended")
    ping = await room.event(None, "ping", only=turns.id)
    room.sender()
    await room.until_settled(turns)
    await room.until_settled(usual)
    assert [one.event["type"] for one in receiver.at("/usual")] == ["call.ended"]
    assert {one.event["type"] for one in receiver.at("/turns")} == {"call.turn.completed", ping.type}


async def test_what_another_process_recorded_is_found_by_looking(room: PostRoom, receiver: Receiver) -> None:
    room.sender()
    while not room.polls:  # noqa: ASYNC110  # the sender has begun to wait
        await asyncio.sleep(0)
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    room.polls[-1].set()
    await room.until_settled(endpoint)
    assert len(receiver.received) == 1


async def test_answers_are_not_followed_elsewhere(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/hooks"] = answers(307, {"Location": receiver.url("/elsewhere")})
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    room.sender()
    await room.until(endpoint, lambda found: found[0].attempts == 1)
    assert receiver.at("/elsewhere") == []
    (delivery,) = await room.deliveries(endpoint)
    assert (delivery.status, delivery.error) == ("pending", "The endpoint answered 307.")
