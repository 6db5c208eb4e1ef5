"""What only Redis does: a stream of bounded length, memory that is full, and what a crash costs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from agent.bus.bus import publisher_of
from agent.domain.event_types import EventType
from agent.errors import BusError
from agent.settings import BusSettings
from tests.integration.bus.consumers import RedisConsumer
from tests.integration.bus.redis_server import RedisServer
from tests.integration.bus.relay_room import RelayRoom


@pytest_asyncio.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = redis_server.client()
    yield client
    await client.aclose()


async def entries(redis: Redis, stream: str) -> list[dict[str, str]]:
    found: Any = await redis.xrange(stream)
    return [fields for _id, fields in found]


@pytest.fixture
def rails(redis_server: RedisServer) -> RedisConsumer:
    return RedisConsumer(redis_server)


async def test_an_entry_says_what_it_is(room: RelayRoom, rails: RedisConsumer, redis: Redis) -> None:
    await room.relay(rails.settings())
    sent = await room.event("call_1", EventType.CALL_ENDED)
    system = await room.event(None, EventType.SYSTEM_DEGRADED)
    await room.until_published()
    first, second = await entries(redis, rails.name)
    assert {**first, "event": ""} == {
        "id": sent.id, "type": "call.ended", "call_id": "call_1", "sequence": "1", "event": "",
    }  # fmt: skip
    assert {**second, "event": ""} == {"id": system.id, "type": "system.degraded", "event": ""}


async def test_the_stream_is_kept_at_a_length(room: RelayRoom, rails: RedisConsumer, redis: Redis) -> None:
    await room.relay(rails.settings(stream_length=100))
    for _ in range(10):
        await room.events([("call_1", EventType.CALL_ANSWERED)] * 100)
    await room.until_published()
    assert 100 <= await redis.xlen(rails.name) < 300


async def test_full_memory_is_told_and_nothing_is_published_in_part(
    room: RelayRoom, rails: RedisConsumer, redis: Redis
) -> None:
    relay = await room.relay(rails.settings())
    await redis.config_set("maxmemory", 1)
    try:
        sent = await room.events([("call_1", EventType.CALL_ANSWERED)] * 50)
        await room.until(lambda: relay.problem)
        assert relay.problem
        assert relay.problem.startswith("Redis rejected what was published: ")
        assert await redis.xlen(rails.name) == 0
    finally:
        await redis.config_set("maxmemory", 0)
    await room.until_published()
    assert [fields["id"] for fields in await entries(redis, rails.name)] == [event.id for event in sent]


async def test_refusals_are_told_without_the_password(redis_server: RedisServer, redis: Redis) -> None:
    wrong = f"redis://:hunter2@127.0.0.1:{redis_server.port}/0"
    await redis.acl_setuser("reader", enabled=True, passwords=["+secret"], commands=["+ping"])
    reader = f"redis://reader:secret@127.0.0.1:{redis_server.port}/0"
    nobody = "redis://:hunter2@127.0.0.1:1/0"
    for url, code in ((wrong, "bus_refused"), (nobody, "bus_unreachable")):
        publisher = publisher_of(BusSettings.model_validate({"url": url}), name="test")
        assert publisher is not None
        with pytest.raises(BusError) as raised:
            await publisher.open()
        await publisher.close()
        assert raised.value.code == code
        assert "hunter2" not in str(raised.value)
    publisher = publisher_of(BusSettings.model_validate({"url": reader}), name="test")
    assert publisher is not None
    await publisher.open()
    assert await publisher.weaknesses() == [], "who may not ask is not told"
    await publisher.close()


async def test_a_key_that_is_no_stream_is_told(room: RelayRoom, rails: RedisConsumer, redis: Redis) -> None:
    await redis.set(rails.name, "x")
    relay = await room.relay(rails.settings())
    await room.event()
    await room.until(lambda: relay.problem)
    assert relay.problem
    assert "WRONGTYPE" in relay.problem
    await redis.delete(rails.name)
    await room.until_published()
    assert await redis.xlen(rails.name) == 1


async def test_a_configuration_that_may_lose_events_is_told(redis_server: RedisServer, redis: Redis) -> None:
    publisher = publisher_of(BusSettings.model_validate({"url": redis_server.url}), name="test")
    assert publisher is not None
    assert await publisher.weaknesses() == []
    await redis.config_set("appendonly", "no")
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert [text.partition(";")[0] for text in await publisher.weaknesses()] == [
            "Redis loses the last events when it crashes",
            "Redis throws the stream away when memory is short",
        ]
    finally:
        await redis.config_set("appendonly", "yes")
        await redis.config_set("maxmemory-policy", "noeviction")
        await publisher.close()
