from __future__ import annotations

import asyncio

import pytest

from agent.dialog.lulls import CallerQuiet, Lulls


class Work:
    """Runs until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.running = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __call__(self) -> str:
        self.begun += 1
        self.running.set()
        try:
            await self.may_end.wait()
        finally:
            self.running.clear()
        return "done"


async def rounds(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_work_waits_for_a_lull_is_broken_off_by_its_end_and_begun_again() -> None:
    lulls, work = Lulls(), Work()
    first = lulls.hold()
    result = asyncio.create_task(lulls.run(work))
    await rounds()
    assert work.begun == 0
    first.release()
    await work.running.wait()
    second = lulls.hold()
    await rounds()
    assert not work.running.is_set()
    assert not result.done()
    second.release()
    second.release()
    work.may_end.set()
    assert await result == "done"
    assert (work.begun, lulls.broken_off, lulls.is_lull) == (2, 1, True)


async def test_a_lull_begins_when_the_last_one_lets_go() -> None:
    lulls = Lulls()
    one, other = lulls.hold(), lulls.hold()
    one.release()
    one.release()
    assert not lulls.is_lull
    other.release()
    assert lulls.is_lull


async def test_a_lull_that_is_over_before_it_was_seen_is_none() -> None:
    lulls, work = Lulls(), Work()
    hold = lulls.hold()
    result = asyncio.create_task(lulls.run(work))
    await rounds()
    hold.release()
    again = lulls.hold()
    await rounds()
    assert work.begun == 0
    again.release()
    work.may_end.set()
    assert await result == "done"


async def test_who_is_cancelled_ends_the_work() -> None:
    lulls, work = Lulls(), Work()
    result = asyncio.create_task(lulls.run(work))
    await work.running.wait()
    result.cancel()
    with pytest.raises(asyncio.CancelledError):
        await result
    assert not work.running.is_set()
    lulls.hold().release()


async def test_what_work_raises_is_raised() -> None:
    async def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - no other one is raised here
        await Lulls().run(fail)


async def test_a_caller_who_speaks_ends_the_lull_until_they_are_quiet_or_gone() -> None:
    lulls = Lulls()
    quiet = CallerQuiet(lulls)
    assert quiet.is_set()
    for _ in range(2):
        quiet.clear()
        assert not lulls.is_lull
    for _ in range(2):
        quiet.set()
        assert lulls.is_lull


async def test_a_model_of_one_prompt_is_left_alone_while_there_are_calls() -> None:
    lulls = Lulls(between_calls=True)
    found = []
    with lulls.call():
        found.append(lulls.is_lull)
    found.append(lulls.is_lull)
    with Lulls().call():
        found.append(Lulls().is_lull)
    assert found == [False, True, True]
