"""One future, several who wait."""

from __future__ import annotations

import asyncio

import pytest

from agent.media.outcome import Outcome


async def test_a_cancelled_waiter_harms_no_other() -> None:
    outcome: Outcome[int] = Outcome()

    async def wait() -> int:
        return await outcome

    impatient, patient = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert not outcome.done()
    outcome.settle(1)
    assert await patient == await outcome == 1


async def test_the_first_result_counts() -> None:
    outcome: Outcome[int] = Outcome()
    outcome.settle(1)
    outcome.settle(2)
    assert outcome.result() == 1


async def test_a_timeout_around_it_leaves_it_whole() -> None:
    outcome: Outcome[int] = Outcome()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await outcome
    outcome.settle(3)
    assert await outcome == 3
