"""What every test must leave behind: no task, no socket, no process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest
import pytest_asyncio


def _sockets() -> set[int]:
    return {c.fd for c in psutil.Process().net_connections(kind="all") if c.fd != -1}


def _children() -> set[int]:
    return {c.pid for c in psutil.Process().children(recursive=True) if c.status() != psutil.STATUS_ZOMBIE}


@pytest.fixture(autouse=True)
def _no_leaked_sockets_or_processes(request: pytest.FixtureRequest) -> Iterator[None]:
    if "tests/unit" in str(request.path):  # pure logic: nothing to leak, and many thousands of cases
        yield
        return
    sockets, children = _sockets(), _children()
    yield
    assert not (left := _sockets() - sockets), f"leaked sockets: {left}"
    assert not (left := _children() - children), f"leaked processes: {left}"


@pytest_asyncio.fixture(autouse=True)
async def _no_leaked_tasks() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = {t for t in asyncio.all_tasks() - before if t is not asyncio.current_task() and not t.done()}
    assert not left, f"leaked tasks: {left}"
