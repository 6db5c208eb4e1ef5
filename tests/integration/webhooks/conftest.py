"""A receiver, and a sender on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from agent.store.engine import Store
from tests.integration.webhooks.post_room import PostRoom
from tests.integration.webhooks.receiver import Receiver


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.close()


@pytest_asyncio.fixture
async def room(store: Store, receiver: Receiver) -> AsyncIterator[PostRoom]:
    room = PostRoom(store)
    yield room
    await room.close()
