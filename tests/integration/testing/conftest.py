from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from agent.testing.softphone import Softphone

QUICK_T1_S = 0.02
"""A 25th of the usual: what a peer leaves unanswered is given up after 1.3 s."""


@pytest_asyncio.fixture
async def phone() -> AsyncIterator[Softphone]:
    async with Softphone(t1_s=QUICK_T1_S) as phone:
        yield phone
