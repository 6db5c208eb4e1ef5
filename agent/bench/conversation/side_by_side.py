"""Calls that are made several at a time, and whose troubles are counted instead of ending the row."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from agent.bench.conversation.encounter import Encounter
from agent.bench.conversation.house import House
from agent.ops.report import Failure

T = TypeVar("T")
AT_ONCE = 4
"""Callers at the same time, in rows that do not measure how fast something is."""


async def side_by_side(
    jobs: Iterable[Callable[[], Awaitable[T]]], *, at_once: int = AT_ONCE, done: Callable[[int], None] = lambda _n: None
) -> list[T]:
    """The results of all jobs, in their order; `done` is told how many are over. The first error ends all."""
    gate, over = asyncio.Semaphore(at_once), 0

    async def one(job: Callable[[], Awaitable[T]]) -> T:
        nonlocal over
        async with gate:
            result = await job()
        over += 1
        done(over)
        return result

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(job)) for job in jobs]
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


def counting(house: House, row: str, total: int) -> Callable[[int], None]:
    """A `done` that tells a waiting person how far it is, ten times in all."""

    def tell(over: int) -> None:
        if over == total or over % max(1, total // 10) == 0:
            house.progress(f"{row}: {over} of {total} calls")

    return tell


def troubles(row: str, encounters: Iterable[Encounter]) -> tuple[Failure, ...]:
    """What went wrong in calls, one failure each, and which parts of the agent failed in how many calls."""
    calls = list(encounters)
    broken = [Failure(f"{row}, {one.recording.stem}", trouble) for one in calls for trouble in one.troubles]
    codes = sorted({code for one in calls for code in one.agent_troubles})
    return (
        *broken,
        *(Failure(row, f"{code} in {sum(code in one.agent_troubles for one in calls)} calls.") for code in codes),
    )


def too_few(row: str, judged: int, wanted: int) -> tuple[Failure, ...]:
    """A failure where not as much could be judged as was asked for, however many calls were made."""
    return () if judged >= wanted else (Failure(row, f"Only {judged} of {wanted} could be judged."),)
