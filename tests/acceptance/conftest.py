from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.theatre import Theatre, theatre


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="theatre")
async def open_theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    folder: Path = tmp_path_factory.mktemp("theatre")
    async with theatre(folder) as opened:
        yield opened


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _no_leaked_tasks_in_the_theatre() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    for _ in range(3):
        await asyncio.sleep(0)  # a closed transport lets go of its socket in the loop's next round
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task() and not task.done()}
    assert not left, f"leaked tasks: {left}"
