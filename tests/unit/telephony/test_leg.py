"""A leg between a fake Asterisk and a switchboard, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from agent.domain.dialing import Dial, DialOutcome, DialResult
from agent.errors import TelephonyError
from agent.telephony.leg import FIRST_RESPONSE_S, Leg
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_asterisk import FakeAsterisk
from tests.unit.telephony.house import House, open_house

DIAL = Dial(trunk="berlin", endpoint="trunk", number="+493012345", caller_id="+4930999", ring_timeout_s=20)


@asynccontextmanager
async def dialled(house: House, dial: Dial = DIAL) -> AsyncIterator[tuple[Leg, asyncio.Task[DialOutcome]]]:
    """A leg whose INVITE is out, and what will come of it."""
    async with house.switchboard.legs.leg(dial) as leg:
        calling = asyncio.create_task(leg.call())
        await asyncio.sleep(0.1)
        try:
            yield leg, calling
        finally:
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)


def test_it_rings_is_answered_and_is_hung_up_after_the_block() -> None:
    async def main() -> None:
        async with open_house() as house:
            async with dialled(house) as (leg, calling):
                (channel,) = house.asterisk.legs
                assert channel.dialled == "PJSIP/+493012345@trunk"
                assert channel.variables["CONNECTEDLINE(num)"] == "+4930999"
                house.asterisk.callee_rings(leg.channel_id)
                await leg.rang.wait()
                assert not calling.done()
                house.asterisk.callee_answers(leg.channel_id)
                assert await calling == DialOutcome(DialResult.ANSWERED)
                assert leg.answered
                assert not leg.gone.is_set()
            assert leg.gone.is_set()
            assert leg.hangup_cause == 16
            await house.check_nothing_left()

    run(main())


def test_early_media_is_no_answer_and_counts_as_ringing() -> None:
    async def main() -> None:
        async with open_house() as house, dialled(house) as (leg, calling):
            house.asterisk.callee_sends_early_media(leg.channel_id)
            await leg.rang.wait()
            started = asyncio.get_running_loop().time()
            assert (await calling).result is DialResult.NO_ANSWER
            assert asyncio.get_running_loop().time() - started < DIAL.ring_timeout_s
            assert leg.gone.is_set()

    run(main())


@pytest.mark.parametrize(
    ("code", "cause", "result"),
    [(486, 17, DialResult.BUSY), (503, 34, DialResult.TRUNK_FAILED), (None, 1, DialResult.INVALID_DESTINATION)],
)
def test_it_is_refused(code: int | None, cause: int, result: DialResult) -> None:
    async def main() -> None:
        async with open_house() as house:
            async with dialled(house) as (leg, calling):
                house.asterisk.callee_refuses(leg.channel_id, code, cause)
                assert await calling == DialOutcome(result, code, cause)
                assert leg.gone.is_set()
            assert "hang_up" not in house.asterisk.requests
            await house.check_nothing_left()

    run(main())


def test_an_endpoint_that_asterisk_does_not_know() -> None:
    async def main() -> None:
        async with open_house() as house:
            async with dialled(house, replace(DIAL, endpoint="unknown")) as (_, calling):
                assert await calling == DialOutcome(DialResult.TRUNK_FAILED)
            assert not {"dial", "hang_up"} & set(house.asterisk.requests)
            await house.check_nothing_left()

    run(main())


def test_asterisk_refuses_to_dial() -> None:
    async def main() -> None:
        async with open_house() as house:
            house.asterisk.failing["dial"] = TelephonyError("500", code="ari_refused")
            async with dialled(house) as (leg, calling):
                assert await calling == DialOutcome(DialResult.TRUNK_FAILED)
                assert leg.gone.is_set()
                assert not house.asterisk.legs

    run(main())


def test_a_trunk_that_says_nothing_is_dead_and_one_that_tries_is_not() -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with open_house() as house:
            async with dialled(house) as (_, calling):
                started = clock()
                assert (await calling).result is DialResult.TRUNK_FAILED
                assert clock() - started <= FIRST_RESPONSE_S
            async with dialled(house) as (leg, calling):
                started = clock()
                house.asterisk.trunk_tries(leg.channel_id)
                assert (await calling).result is DialResult.NO_ANSWER
                assert clock() - started > DIAL.ring_timeout_s - 1
            await house.check_nothing_left()

    run(main())


def test_whether_the_trunk_lives_cannot_be_known() -> None:
    """An Asterisk without func_hangupcause.so: nobody is taken for dead, and the ring timeout decides."""

    async def main() -> None:
        async with open_house() as house:
            house.asterisk.failing["variable"] = TelephonyError("500", code="ari_refused")
            async with dialled(house) as (_, calling):
                assert (await calling).result is DialResult.NO_ANSWER

    run(main())


def test_a_ring_timeout_shorter_than_the_first_response() -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with open_house() as house, dialled(house, replace(DIAL, ring_timeout_s=2)) as (leg, calling):
            house.asterisk.trunk_tries(leg.channel_id)
            started = clock()
            assert (await calling).result is DialResult.NO_ANSWER
            assert clock() - started <= 2.1

    run(main())


@pytest.mark.parametrize("moment_s", [0.0, 0.002, 0.006, 0.1])
def test_it_is_canceled_at_any_moment(moment_s: float) -> None:
    async def main() -> None:
        async with open_house() as house:
            async with house.switchboard.legs.leg(DIAL) as leg:
                calling = asyncio.create_task(leg.call())
                await asyncio.sleep(moment_s)
                leg.cancel()
                assert (await calling).result is DialResult.CANCELED
            await house.check_nothing_left()

    run(main())


def test_who_calls_is_cancelled_and_nothing_is_left() -> None:
    async def main() -> None:
        for moment_s in (0.001, 0.003, 0.005, 0.5):
            async with open_house() as house:

                async def call(house: House = house) -> None:
                    async with house.switchboard.legs.leg(DIAL) as leg:
                        await leg.call()

                calling = asyncio.create_task(call())
                await asyncio.sleep(moment_s)
                calling.cancel()
                await asyncio.gather(calling, return_exceptions=True)
                await house.check_nothing_left()

    run(main())


def _dies(asterisk: FakeAsterisk) -> None:
    asterisk.dies()


def _dies_and_is_back(asterisk: FakeAsterisk) -> None:
    asterisk.dies()
    asterisk.starts()


def _stops(asterisk: FakeAsterisk) -> None:
    asterisk.stops()


@pytest.mark.parametrize("fault", [_dies, _dies_and_is_back, _stops])
def test_asterisk_goes_while_it_rings(fault: Callable[[FakeAsterisk], None]) -> None:
    async def main() -> None:
        clock = asyncio.get_running_loop().time
        async with open_house() as house:
            async with dialled(house) as (leg, calling):
                house.asterisk.callee_rings(leg.channel_id)
                await leg.rang.wait()
                fault(house.asterisk)
                started = clock()
                with pytest.raises(TelephonyError) as caught:
                    await calling
                assert caught.value.code == "leg_lost"
                assert clock() - started < 5
            await house.check_nothing_left()

    run(main())


def test_it_is_answered_while_events_are_lost() -> None:
    async def main() -> None:
        async with open_house() as house, dialled(house) as (leg, calling):
            house.asterisk.websocket_breaks()
            await asyncio.sleep(0.01)
            house.asterisk.callee_answers(leg.channel_id)
            assert (await calling).result is DialResult.ANSWERED
            await house.connected()
            await asyncio.sleep(1)
            assert not leg.gone.is_set()
            house.asterisk.websocket_breaks()
            house.asterisk.caller_hangs_up(leg.channel_id)
            await leg.gone.wait()

    run(main())


def test_it_is_refused_while_events_are_lost() -> None:
    async def main() -> None:
        async with open_house() as house, dialled(house) as (leg, calling):
            house.asterisk.websocket_breaks()
            await asyncio.sleep(0.01)
            house.asterisk.callee_refuses(leg.channel_id, 486, 17)
            with pytest.raises(TelephonyError):
                await calling
            assert leg.gone.is_set()

    run(main())


def test_a_bridge_lives_as_long_as_its_block() -> None:
    async def main() -> None:
        async with open_house() as house:
            async with house.switchboard.legs.bridge() as bridge_id:
                await asyncio.sleep(130)  # two rounds of reconciling leave it alone
                assert bridge_id in house.asterisk.bridges_by_id
            assert not house.asterisk.bridges_by_id

    run(main())
