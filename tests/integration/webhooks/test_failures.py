"""What becomes of an event whose endpoint fails in one way or another."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from agent.store import webhook_endpoints
from agent.store.webhook_endpoints import DisabledReason
from agent.webhooks.schedule import DELAYS_S
from tests.integration.webhooks.post_room import START, PostRoom
from tests.integration.webhooks.receiver import Received, Receiver, answers

MEGABYTE = 1 << 20


async def endless(request: web.Request, _received: Received) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b"x" * MEGABYTE)
    except ConnectionError:
        return response


async def silent_body(request: web.Request, _received: Received) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await asyncio.Event().wait()
    return response


async def garbage(request: web.Request, _received: Received) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"\x00\xff garbage\r\n\r\n" * 10)
    request.transport.close()
    return web.Response()


async def closes(request: web.Request, _received: Received) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@pytest.mark.parametrize(
    "respond",
    [endless, answers(200, body=b"x" * 10 * MEGABYTE), answers(201, {"content-encoding": "gzip"}, b"no gzip")],
)
async def test_a_body_of_any_kind_is_no_failure(room: PostRoom, receiver: Receiver, respond: object) -> None:
    receiver.respond["/hooks"] = respond  # type: ignore[assignment]  # parametrised
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    room.sender()
    await room.until_settled(endpoint)
    assert [one.status for one in await room.deliveries(endpoint)] == ["delivered"]


async def test_a_body_that_never_ends_is_not_waited_for(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/hooks"] = silent_body
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    room.sender()
    await receiver.until_received(1)
    while not room.timeouts.expire(1.0):  # noqa: ASYNC110  # begun by the client when the head has come
        await asyncio.sleep(0)
    await room.until_settled(endpoint)
    assert [one.status for one in await room.deliveries(endpoint)] == ["delivered"]


@pytest.mark.parametrize(
    ("respond", "error"),
    [
        (answers(500, body=b"x" * 10 * MEGABYTE), "The endpoint answered 500."),
        (answers(404), "The endpoint answered 404."),
        (garbage, "The endpoint did not answer in HTTP"),
        (closes, "The endpoint could not be reached"),
    ],
)
async def test_a_failure_is_told_and_tried_again(
    room: PostRoom, receiver: Receiver, respond: object, error: str
) -> None:
    receiver.respond["/hooks"] = respond  # type: ignore[assignment]  # parametrised
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    room.sender()
    await room.until(endpoint, lambda found: found[0].attempts == 1)
    (delivery,) = await room.deliveries(endpoint)
    assert delivery.status == "pending"
    assert delivery.error is not None
    assert delivery.error.startswith(error)
    assert delivery.next_attempt_at == START + timedelta(seconds=5)
    assert (await room.found(endpoint)).failing_since == START

    del receiver.respond["/hooks"]
    await room.pass_time(seconds=5)
    await room.until_settled(endpoint)
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert (await room.found(endpoint)).failing_since is None


async def test_given_up_after_the_last_retry(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/hooks"] = answers(503)
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    await room.event()
    room.sender()
    for attempt, next_delay_s in enumerate((*DELAYS_S[1:], 0), 1):
        await room.until(endpoint, lambda found, attempt=attempt: found[0].attempts == attempt)  # type: ignore[misc]  # bound now
        await room.pass_time(seconds=next_delay_s)
    first, second = await room.deliveries(endpoint)
    assert (first.status, first.attempts) == ("dead", 10)
    assert first.finished_at is not None
    await room.until(endpoint, lambda found: found[1].attempts == 1)
    assert second.status == "pending"


async def test_retry_after_is_honoured(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/hooks"] = answers(429, {"Retry-After": "3600"})
    endpoint = await room.endpoint(receiver.url())
    await room.event()
    room.sender()
    await room.until(endpoint, lambda found: found[0].attempts == 1)
    (delivery,) = await room.deliveries(endpoint)
    assert delivery.next_attempt_at == START + timedelta(hours=1)


async def test_410_disables_the_endpoint(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/gone"] = answers(410)
    gone, other = await room.endpoint(receiver.url("/gone")), await room.endpoint(receiver.url("/other"))
    await room.event("call_1")
    await room.event("call_1")
    room.sender()
    await room.until_settled(gone)
    assert [one.status for one in await room.deliveries(gone)] == ["dead", "canceled"]
    now = await room.found(gone)
    assert (now.enabled, now.disabled_reason) == (False, DisabledReason.GONE)
    assert [one.id for one in room.disabled] == [gone.id]
    await receiver.until(lambda: len(receiver.at("/other")) == 3)
    assert "webhook_endpoint.disabled" in {one.event["type"] for one in receiver.at("/other")}
    await room.until_settled(other)
    await room.event("call_1")
    assert len(await room.deliveries(gone)) == 2, "a disabled endpoint gets nothing more"


async def test_an_endpoint_that_fails_for_days_is_disabled(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/hooks"] = answers(500)
    endpoint = await room.endpoint(receiver.url())
    await room.event("call_1")
    room.sender()
    for attempt, span in enumerate((timedelta(seconds=5), timedelta(minutes=5), timedelta(days=4)), 1):
        await room.until(endpoint, lambda found, attempt=attempt: found[0].attempts == attempt)  # type: ignore[misc]  # bound now
        await room.pass_time(seconds=span.total_seconds())
    await room.until(endpoint, lambda found: found[0].attempts == 4)
    assert (await room.found(endpoint)).enabled
    await room.pass_time(days=1)
    await room.until_settled(endpoint)
    assert (await room.found(endpoint)).disabled_reason is DisabledReason.FAILING
    assert len(room.disabled) == 1

    async with room.store.write() as connection:
        again = await webhook_endpoints.enable(connection, endpoint.id, now=room.now)
    assert again is not None
    assert (again.enabled, again.disabled_reason, again.failing_since) == (True, None, None)


async def test_one_failure_long_after_another_disables_nothing(room: PostRoom, receiver: Receiver) -> None:
    receiver.respond["/hooks"] = answers(500)
    endpoint = await room.endpoint(receiver.url())
    await room.event("call_1")
    room.sender()
    await room.until(endpoint, lambda found: found[0].attempts == 1)
    await room.pass_time(days=30)
    await room.until(endpoint, lambda found: found[0].attempts == 2)
    assert (await room.found(endpoint)).enabled


async def test_nobody_listens(room: PostRoom, receiver: Receiver, unused_tcp_port: int) -> None:
    endpoint = await room.endpoint(f"http://127.0.0.1:{unused_tcp_port}/")
    await room.event()
    room.sender()
    await room.until(endpoint, lambda found: found[0].attempts == 1)
    (delivery,) = await room.deliveries(endpoint)
    assert delivery.error is not None
    assert delivery.error.startswith("The endpoint could not be reached: ")
