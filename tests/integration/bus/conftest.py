"""Real brokers, and relays on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from agent.store.engine import Store
from tests.integration.bus.consumers import Consumer, RabbitConsumer, RedisConsumer
from tests.integration.bus.rabbitmq_server import RabbitServer
from tests.integration.bus.relay_room import RelayRoom


@pytest_asyncio.fixture(params=["rabbitmq", "redis"])
async def consumer(request: pytest.FixtureRequest) -> AsyncIterator[Consumer]:
    """Of either broker."""
    server = request.getfixturevalue(f"{request.param}_server")
    consumer: Consumer = RabbitConsumer(server) if isinstance(server, RabbitServer) else RedisConsumer(server)
    await consumer.start()
    yield consumer
    await consumer.close()


@pytest_asyncio.fixture
async def room(store: Store) -> AsyncIterator[RelayRoom]:
    room = RelayRoom(store)
    yield room
    await room.close()
