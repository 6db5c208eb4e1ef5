"""Endpoints in the database, and their secrets on the way."""

from __future__ import annotations

from datetime import timedelta

from agent.store import webhook_endpoints
from agent.store.keyset import Position
from agent.store.webhook_endpoints import DisabledReason
from tests.integration.webhooks.post_room import PostRoom
from tests.integration.webhooks.receiver import Receiver

HOSTILE = "'; DROP TABLE calls; -- <script> \u202e \x00 \ud800"


async def test_two_secrets_sign_for_a_day_after_a_rotation(room: PostRoom, receiver: Receiver) -> None:
    endpoint = await room.endpoint(receiver.url())
    room.sender()
    async with room.store.write() as connection:
        rotated = await webhook_endpoints.rotate_secret(connection, endpoint.id, now=room.now)
    assert rotated is not None
    assert rotated.secret != endpoint.secret
    await room.event()
    await room.pass_time(hours=23)
    await room.until_settled(endpoint)
    await room.event()
    await room.pass_time(hours=1)
    await room.until_settled(endpoint)
    during, after = receiver.received
    assert during.headers["webhook-signature"].count("v1,") == 2
    assert during.verified(rotated.secret)
    assert during.verified(endpoint.secret)
    assert after.headers["webhook-signature"].count("v1,") == 1
    assert after.verified(rotated.secret)
    assert not after.verified(endpoint.secret)


async def test_an_endpoint_is_made_changed_and_removed(room: PostRoom) -> None:
    async with room.store.write() as connection:
        made = await webhook_endpoints.create(
            connection, url="https://example.com/", description=HOSTILE, events=["call.ended"], now=room.now
        )
        assert made.secret.startswith("whsec_")
        assert made.secret not in repr(made)
        assert await webhook_endpoints.get(connection, made.id) == made
        later = room.now + timedelta(hours=1)
        changed = await webhook_endpoints.change(connection, made.id, now=later, events=[])
        assert changed is not None
        assert (changed.events, changed.description, changed.updated_at) == ((), HOSTILE, later)
        assert await webhook_endpoints.change(connection, "unknown", now=later, url="x") is None
        assert await webhook_endpoints.rotate_secret(connection, "unknown", now=later) is None
        assert await webhook_endpoints.enable(connection, "unknown", now=later) is None
        assert await webhook_endpoints.disable(connection, "unknown", DisabledReason.GONE, now=later) is None
    await room.event("call_1", "call.ended")
    assert len(await room.deliveries(made)) == 1
    async with room.store.write() as connection:
        assert await webhook_endpoints.remove(connection, made.id)
        assert not await webhook_endpoints.remove(connection, made.id)
        assert await webhook_endpoints.get(connection, made.id) is None
    assert await room.deliveries(made) == []


async def test_endpoints_are_listed_in_pages(room: PostRoom) -> None:
    made = [await room.endpoint(f"https://example.com/{number}") for number in range(3)]
    async with room.store.read() as connection:
        first = await webhook_endpoints.listed(connection, limit=2)
        position = Position(first[1].created_at, first[1].id)
        rest = await webhook_endpoints.listed(connection, limit=2, after=position)
    assert {one.id for one in first[:2] + rest} == {one.id for one in made}
    assert len(first) == 3
    assert len(rest) == 1
