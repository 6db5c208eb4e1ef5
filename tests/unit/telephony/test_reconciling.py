"""What Asterisk has against what we have, as events are lost and found again."""

from __future__ import annotations

import asyncio

import pytest

from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.dialing import Dial, DialOutcome, DialResult
from agent.errors import TelephonyError
from agent.telephony.inputs import ChannelInputs
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_channel import FakeChannel
from tests.unit.telephony.fake_media import FakeStream
from tests.unit.telephony.house import ended, open_house, talking

pytestmark = pytest.mark.usefixtures("without_logs")


def test_who_rings_while_strays_are_looked_for_is_answered() -> None:
    async def main() -> None:
        for seed in range(20):
            async with open_house(seed=seed) as house:
                house.asterisk.websocket_breaks()
                await asyncio.sleep(0.01)
                await house.connected()
                house.asterisk.slowest_event_s = 0.1
                await talking(house)
                await asyncio.sleep(1)
                assert len(house.switchboard.calls) == 1, seed
                assert not house.asterisk.hung_up_with

    run(main())


def test_a_look_for_strays_that_fails_is_soon_repeated() -> None:
    async def main() -> None:
        async with open_house() as house:
            asterisk = house.asterisk
            asterisk.failing["bridges"] = TelephonyError("503", code="ari_refused")
            asterisk.websocket_breaks()
            await asyncio.sleep(0.01)
            await house.connected()
            asterisk.bridges_by_id["phone-agent.bridge.77"] = set()
            await asyncio.sleep(1)
            assert asterisk.bridges_by_id
            asterisk.failing.clear()
            await asyncio.sleep(5)
            assert not asterisk.bridges_by_id

    run(main())


def test_channels_and_bridges_of_an_earlier_life_are_removed_and_others_are_not() -> None:
    async def main() -> None:
        async with open_house() as house:
            asterisk = house.asterisk
            asterisk.websocket_breaks()
            ours = [
                FakeChannel("1.77", "1000"),
                FakeChannel("phone-agent.media.77", "s", in_stasis=False),
            ]
            others = [
                FakeChannel("1.78", "1000", in_stasis=False),
                FakeChannel("1.79", "1000", app="phone-agent-2"),
                FakeChannel("phone-agent-2.media.1", "s", app="phone-agent-2"),
            ]
            asterisk.channels_by_id |= {channel.id: channel for channel in ours + others}
            asterisk.bridges_by_id |= {"phone-agent.bridge.77": set(), "phone-agent-2.bridge.1": set(), "x": set()}
            await asyncio.sleep(0.01)
            await house.connected()
            await asyncio.sleep(1)
            assert asterisk.channels_by_id.keys() == {channel.id for channel in others}
            assert asterisk.bridges_by_id.keys() == {"phone-agent-2.bridge.1", "x"}

    run(main())


def test_events_are_lost_for_a_while_and_the_call_goes_on() -> None:
    done = asyncio.Event()

    async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        await done.wait()
        return EndedReason.AGENT_HANGUP

    async def main() -> None:
        async with open_house(handler) as house:
            await talking(house)
            house.asterisk.websocket_breaks()
            await asyncio.sleep(0.01)
            assert not house.switchboard.events.connected
            await house.connected()
            await asyncio.sleep(1)
            assert house.switchboard.calls
            done.set()
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.AGENT_HANGUP)

    run(main())


def test_caller_hangs_up_while_events_are_lost() -> None:
    async def main() -> None:
        async with open_house() as house:
            channel_id = await talking(house)
            house.asterisk.websocket_breaks()
            house.asterisk.caller_hangs_up(channel_id)
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)

    run(main())


def test_asterisk_is_another_one_when_the_events_come_back() -> None:
    async def main() -> None:
        async with open_house() as house:
            await talking(house)
            asterisk = house.asterisk
            for channel in asterisk.channels_by_id.values():
                channel.stream = None  # the end of the sound is not noticed either: the network is down
            asterisk.dies()
            asterisk.starts()
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.TELEPHONY_ERROR)

    run(main())


def test_a_leg_that_is_only_being_made_while_strays_are_looked_for_is_not_lost() -> None:
    """Asterisk was asked for the channel before it was asked what it has, and made it afterwards."""
    dial = Dial(trunk="berlin", endpoint="trunk", number="+493012345", ring_timeout_s=20)

    async def main() -> None:
        async with open_house() as house:
            house.asterisk.slow["create_channel"] = 2.0
            async with house.switchboard.legs.leg(dial) as leg:
                calling = asyncio.create_task(leg.call())
                house.asterisk.websocket_breaks()
                await asyncio.sleep(0.01)
                await house.connected()
                await asyncio.sleep(5)
                assert not calling.done()
                house.asterisk.callee_answers(leg.channel_id)
                assert await calling == DialOutcome(DialResult.ANSWERED)
            await house.check_nothing_left()

    run(main())
