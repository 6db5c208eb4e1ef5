from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from agent.store.engine import Store
from tests.integration.outbound.bureau import Bureau, a_bureau

MakeBureau = Callable[..., Bureau]


@pytest_asyncio.fixture
async def bureau(store: Store) -> AsyncIterator[MakeBureau]:
    """Makes servers that share one database, and ends what they lead."""
    made: list[Bureau] = []

    def make(**more: object) -> Bureau:
        made.append(a_bureau(store, **more))  # type: ignore[arg-type]  # passed on as it is
        return made[-1]

    yield make
    for one in made:
        one.exchange.over.set()
        await one.dispatcher.close()
