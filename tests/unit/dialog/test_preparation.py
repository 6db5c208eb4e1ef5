from __future__ import annotations

import asyncio

from agent.dialog.preparation import Preparation
from tests.unit.dialog.virtual_time import run


def test_who_waits_long_enough_finds_it_done() -> None:
    async def main() -> None:
        assert await Preparation().within(10, asyncio.sleep(9))

    run(main())


def test_it_goes_on_when_nobody_waits_any_more() -> None:
    async def main() -> None:
        prepared: list[str] = []

        async def prepare() -> None:
            await asyncio.sleep(60)
            prepared.append("desk")

        preparation = Preparation()
        assert not await preparation.within(10, prepare())
        await asyncio.sleep(51)
        assert prepared == ["desk"]

    run(main())


def test_it_is_given_up_at_the_end_and_a_fault_of_it_harms_nobody() -> None:
    async def main() -> None:
        async def fail() -> None:
            raise ValueError

        preparation = Preparation()
        assert await preparation.within(10, fail())
        assert not await preparation.within(10, asyncio.sleep(1e6))
        await preparation.close()

    run(main())
