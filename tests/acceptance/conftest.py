from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.testing.callees import Callee
from agent.testing.trunk_peer import TrunkPeer
from tests.acceptance.theatre import Theatre, Town, theatre
from tests.integration.bus.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="town")
async def build_town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    callees: dict[str, Callee] = {}
    async with TrunkPeer(lambda number: callees[number], tmp_path_factory.mktemp("town")) as peer:
        yield Town(peer, callees)


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="theatre")
async def open_theatre(
    tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer, town: Town
) -> AsyncIterator[Theatre]:
    folder: Path = tmp_path_factory.mktemp("theatre")
    async with theatre(folder, {"bus": {"url": redis_server.url}}, callees=town.peer.address) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def _loop_of_the_session() -> None:
    """Makes it, so that its own sockets are there before leaks are looked for."""


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _no_leaked_tasks_in_the_theatre() -> AsyncIterator[None]:
    before = _tasks()
    yield
    for _ in range(3):
        await asyncio.sleep(0)  # a closed transport lets go of its socket in the loop's next round
    assert not _tasks() - before, f"leaked tasks: {_tasks() - before}"


def _tasks() -> Counter[str]:
    """Tasks by what they run: the theatre's own may have been replaced, as when its Asterisk was started again."""
    running = asyncio.all_tasks() - {asyncio.current_task()}
    return Counter(getattr(task.get_coro(), "__qualname__", "") for task in running if not task.done())
