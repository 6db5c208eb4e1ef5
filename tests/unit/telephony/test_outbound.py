"""Calls that we place, between a fake Asterisk and a scripted conversation, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.dialing import Dial, DialOutcome, DialResult
from agent.errors import TelephonyError
from agent.settings import CapacitySettings
from agent.telephony.ending import Ending
from agent.telephony.inputs import ChannelInputs
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_asterisk import FakeAsterisk
from tests.unit.telephony.fake_channel import FakeChannel
from tests.unit.telephony.fake_media import FakeStream
from tests.unit.telephony.house import House, open_house
from tests.unit.telephony.orders import FIRST, SECOND, UNKNOWN, Ways, queued


@asynccontextmanager
async def placed(
    house: House, ways: Ways | None = None, *, after_s: float = 0.1
) -> AsyncIterator[tuple[asyncio.Task[Call], FakeChannel]]:
    """A call that rings, or is about to."""
    placing = asyncio.create_task(house.switchboard.place(queued(), ways or Ways()))
    await asyncio.sleep(after_s)
    (channel,) = house.asterisk.legs
    yield placing, channel
    await placing
    await house.check_nothing_left()


def statuses(house: House) -> list[CallStatus]:
    (history,) = house.calls.values()
    return [call.status for call in history]


def test_it_is_answered_and_the_callee_hangs_up() -> None:
    async def main() -> None:
        async with open_house() as house, placed(house) as (placing, channel):
            house.asterisk.callee_rings(channel.id)
            await asyncio.sleep(5)
            assert statuses(house) == [CallStatus.RINGING]
            assert house.conversations == 0, "nothing is said into ringing"
            (members,) = house.asterisk.bridges_by_id.values()
            assert channel.id not in members, "nor heard"
            house.asterisk.callee_answers(channel.id)
            await house.in_conversation.wait()
            assert members == {channel.id, "phone-agent.media.out"}
            house.asterisk.caller_hangs_up(channel.id)
            call = await placing
            assert (call.status, call.ended_reason) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
            assert (call.hangup_cause, call.sip_code) == (16, None)
            assert statuses(house) == [CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.COMPLETED]

    run(main())


def test_we_hang_up_after_our_last_sound() -> None:
    async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        await stream.playout.play(bytes(16000)).done
        return EndedReason.AGENT_HANGUP

    async def main() -> None:
        async with open_house(handler) as house, placed(house) as (placing, channel):
            house.asterisk.callee_answers(channel.id)
            call = await placing
            assert (call.status, call.ended_reason) == (CallStatus.COMPLETED, EndedReason.AGENT_HANGUP)
            assert len(house.media.streams[0].playout.played) == 2, "and the silence that lets it ring out"

    run(main())


def test_it_is_answered_and_ended_at_one_instant() -> None:
    async def main() -> None:
        async with open_house() as house, placed(house) as (placing, channel):
            house.asterisk.callee_answers(channel.id)
            house.asterisk.caller_hangs_up(channel.id)
            call = await placing
            assert (call.status, call.ended_reason) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)

    run(main())


@pytest.mark.parametrize(
    ("code", "cause", "status", "reason"),
    [
        (486, 17, CallStatus.BUSY, EndedReason.BUSY),
        (480, 19, CallStatus.NO_ANSWER, EndedReason.NO_ANSWER),
        (603, 21, CallStatus.FAILED, EndedReason.REJECTED),
        (404, 1, CallStatus.FAILED, EndedReason.INVALID_DESTINATION),
        (503, 34, CallStatus.FAILED, EndedReason.TELEPHONY_ERROR),
    ],
)
def test_it_is_refused(code: int, cause: int, status: CallStatus, reason: EndedReason) -> None:
    async def main() -> None:
        ways = Ways()
        async with open_house() as house, placed(house, ways) as (placing, channel):
            house.asterisk.callee_refuses(channel.id, code, cause)
            call = await placing
            assert (call.status, call.ended_reason) == (status, reason)
            assert (call.sip_code, call.hangup_cause) == (code, cause)
            assert statuses(house) == [CallStatus.RINGING, status]
            asked_again = [DialOutcome(DialResult.TRUNK_FAILED, 503, 34)] if code == 503 else []
            assert ways.failed == [None, *asked_again], "only another trunk can help where one has failed"

    run(main())


def test_nobody_answers() -> None:
    async def main() -> None:
        async with open_house() as house, placed(house) as (placing, channel):
            house.asterisk.callee_rings(channel.id)
            call = await placing
            assert (call.status, call.ended_reason) == (CallStatus.NO_ANSWER, EndedReason.NO_ANSWER)
            assert asyncio.get_running_loop().time() < FIRST.ring_timeout_s + 1

    run(main())


def test_the_next_trunk_takes_it() -> None:
    async def main() -> None:
        ways = Ways((UNKNOWN, FIRST, SECOND))
        async with open_house() as house, placed(house, ways) as (placing, first):
            house.asterisk.callee_refuses(first.id, 503, 34)
            await asyncio.sleep(0.1)
            (second,) = house.asterisk.legs
            assert [first.dialled, second.dialled] == ["PJSIP/+493012345@trunk-1", "PJSIP/493012345@trunk-2"]
            house.asterisk.callee_answers(second.id)
            await house.in_conversation.wait()
            house.asterisk.caller_hangs_up(second.id)
            call = await placing
            assert (call.status, call.sip_code) == (CallStatus.COMPLETED, None)
            assert statuses(house) == [CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.COMPLETED]
            assert ways.failed == [
                None,
                DialOutcome(DialResult.TRUNK_FAILED),
                DialOutcome(DialResult.TRUNK_FAILED, 503, 34),
            ]

    run(main())


@pytest.mark.parametrize("dials", [(), (UNKNOWN,)])
def test_no_way_leads_out(dials: tuple[Dial, ...]) -> None:
    async def main() -> None:
        async with open_house() as house:
            call = await house.switchboard.place(queued(), Ways(dials))
            assert (call.status, call.ended_reason) == (CallStatus.FAILED, EndedReason.TELEPHONY_ERROR)
            assert statuses(house) == [CallStatus.FAILED]
            await house.check_nothing_left()

    run(main())


@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.005, 0.01, 2.0])
def test_it_is_canceled_before_the_answer(after_s: float) -> None:
    async def main() -> None:
        async with open_house() as house:
            placing = asyncio.create_task(house.switchboard.place(queued(), Ways()))
            await asyncio.sleep(after_s)
            session = house.switchboard.session("call_out")
            assert session is not None or after_s == 0
            await asyncio.sleep(0)
            session = house.switchboard.session("call_out")
            assert session is not None
            session.end(Ending(EndedReason.API_HANGUP))
            call = await placing
            assert (call.status, call.ended_reason) == (CallStatus.CANCELED, EndedReason.CANCELED)
            await house.check_nothing_left()

    run(main())


def test_who_waits_for_it_is_cancelled_and_it_goes_on() -> None:
    async def main() -> None:
        async with open_house() as house:
            placing = asyncio.create_task(house.switchboard.place(queued(), Ways()))
            await asyncio.sleep(0.1)
            placing.cancel()
            (channel,) = house.asterisk.legs
            house.asterisk.callee_answers(channel.id)
            await house.in_conversation.wait()
            house.asterisk.caller_hangs_up(channel.id)
            await house.settled()
            assert house.last.status is CallStatus.COMPLETED

    run(main())


def test_a_drain_dials_nothing_and_ends_what_rings() -> None:
    async def main() -> None:
        async with open_house() as house:
            ringing = asyncio.create_task(house.switchboard.place(queued("call_rings"), Ways()))
            await asyncio.sleep(0.1)
            draining = asyncio.create_task(house.switchboard.drain.finish())
            await asyncio.sleep(0)
            late = await house.switchboard.place(queued("call_late"), Ways())
            assert late == queued("call_late"), "for another server"
            call = await ringing
            assert (call.status, call.ended_reason) == (CallStatus.FAILED, EndedReason.SERVER_SHUTDOWN)
            await draining
            assert list(house.calls) == ["call_rings"]

    run(main())


def test_one_that_waits_for_its_way_when_a_drain_begins_stays_queued() -> None:
    class Slow(Ways):
        async def next(self, failed: DialOutcome | None) -> Dial | None:
            await asyncio.sleep(1)
            return await super().next(failed)

    async def main() -> None:
        async with open_house() as house:
            placing = asyncio.create_task(house.switchboard.place(queued(), Slow()))
            await asyncio.sleep(0.5)
            await house.switchboard.drain.finish()
            assert await placing == queued()
            assert not house.events
            assert not house.asterisk.legs

    run(main())


def test_it_waits_for_a_place() -> None:
    async def main() -> None:
        async with open_house(capacity=CapacitySettings(max_calls=1, rule="busy")) as house:
            caller = house.asterisk.ring()
            await asyncio.sleep(0.1)
            placing = asyncio.create_task(house.switchboard.place(queued(), Ways()))
            await asyncio.sleep(5)
            assert not house.asterisk.legs
            house.asterisk.caller_hangs_up(caller)
            await asyncio.sleep(0.1)
            (channel,) = house.asterisk.legs
            house.asterisk.callee_refuses(channel.id, 486, 17)
            assert (await placing).status is CallStatus.BUSY
            await house.check_nothing_left()

    run(main())


def test_it_has_its_place_already() -> None:
    async def main() -> None:
        async with open_house(capacity=CapacitySettings(max_calls=1, rule="busy")) as house:
            assert house.places.take("call_out")
            async with placed(house) as (_, channel):
                house.asterisk.callee_refuses(channel.id, 486, 17)

    run(main())


def test_no_sound_can_be_had_and_nobody_is_disturbed_for_long() -> None:
    async def main() -> None:
        async with open_house() as house:
            house.asterisk.failing["external_media"] = TelephonyError("500", code="ari_refused")
            call = await house.switchboard.place(queued(), Ways())
            assert (call.status, call.ended_reason) == (CallStatus.FAILED, EndedReason.MEDIA_ERROR)
            assert asyncio.get_running_loop().time() < 1
            house.asterisk.failing.clear()
            await house.check_nothing_left()

    run(main())


def test_the_bridge_fails_at_the_answer() -> None:
    async def main() -> None:
        async with open_house() as house, placed(house) as (placing, channel):
            house.asterisk.failing["add_channels"] = TelephonyError("500", code="ari_refused")
            house.asterisk.callee_answers(channel.id)
            call = await placing
            assert (call.status, call.ended_reason) == (CallStatus.COMPLETED, EndedReason.TELEPHONY_ERROR)

    run(main())


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("fault", [FakeAsterisk.dies, FakeAsterisk.stops])
def test_asterisk_goes(fault: Callable[[FakeAsterisk], None], *, answered: bool) -> None:
    async def main() -> None:
        async with open_house() as house, placed(house) as (placing, channel):
            house.asterisk.callee_rings(channel.id)
            if answered:
                house.asterisk.callee_answers(channel.id)
            await asyncio.sleep(0.1)
            fault(house.asterisk)
            call = await placing
            assert call.ended_reason is EndedReason.TELEPHONY_ERROR
            assert call.status is (CallStatus.COMPLETED if answered else CallStatus.FAILED)

    run(main())
