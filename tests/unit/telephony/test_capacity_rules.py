"""What becomes of a caller for whom there is no place."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.events import CallQueued, CallRefused
from agent.errors import TelephonyError
from agent.settings import CapacitySettings
from agent.telephony.inbound_session import REASON_VARIABLE
from agent.telephony.inputs import ChannelInputs
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_media import FakeStream
from tests.unit.telephony.house import GOODBYE, HOLD, House, open_house

pytestmark = pytest.mark.usefixtures("without_logs")
FAILED = CallStatus.FAILED, EndedReason.LIMIT_EXCEEDED


def one_place(rule: Literal["busy", "announce", "fallback"], **changes: float) -> CapacitySettings:
    return CapacitySettings.model_validate({"max_calls": 1, "rule": rule, **changes})


async def second_caller(house: House) -> tuple[str, str]:
    """Channels of two callers, of whom the first is in conversation; what is decided at once about the other has been.

    In virtual time.
    """
    first = house.asterisk.ring()
    await house.in_conversation.wait()
    second = house.asterisk.ring()
    await asyncio.sleep(0.2)
    return first, second


def outcomes(house: House) -> list[tuple[CallStatus, EndedReason | None]]:
    return [(history[-1].status, history[-1].ended_reason) for history in house.calls.values()]


def refusals(house: House) -> list[tuple[str, int, int]]:
    return [(event.rule, event.calls, event.capacity) for event in house.events if isinstance(event, CallRefused)]


def test_busy() -> None:
    async def main() -> None:
        async with open_house(capacity=one_place("busy")) as house:
            first, second = await second_caller(house)
            assert house.asterisk.hung_up_with[second] == 17
            assert outcomes(house)[1] == FAILED
            assert refusals(house) == [("busy", 1, 1)]
            assert first in house.asterisk.channels_by_id, "who was there before is not disturbed"
            house.asterisk.caller_hangs_up(first)
            await house.settled()
            house.in_conversation.clear()
            third = house.asterisk.ring()
            await house.in_conversation.wait()
            house.asterisk.caller_hangs_up(third)
            await house.settled()
            house.check_histories()
            await house.check_nothing_left()

    run(main())


def test_a_refusal_is_told_after_the_call_was() -> None:
    async def main() -> None:
        async with open_house(capacity=one_place("busy")) as house:
            await second_caller(house)
            refused = next(event for event in house.events if isinstance(event, CallRefused))
            told = [type(event).__name__ for event in house.events if event.call_id == refused.call_id]
            assert told == ["CallChanged", "CallRefused", "CallChanged"]

    run(main())


def test_fallback() -> None:
    async def main() -> None:
        async with open_house(capacity=one_place("fallback")) as house:
            _, second = await second_caller(house)
            channel = house.asterisk.channels_by_id[second]
            assert (channel.context, channel.in_stasis, channel.state) == ("phone-agent-fallback", False, "Ring")
            assert channel.variables == {REASON_VARIABLE: "limit_exceeded"}
            assert second not in house.asterisk.hung_up_with
            assert outcomes(house)[1] == FAILED
            assert refusals(house) == [("fallback", 1, 1)]
            await asyncio.sleep(130)
            assert second in house.asterisk.channels_by_id, "it is no stray: the dialplan has it"

    run(main())


@pytest.mark.parametrize("request_name", ["set_variable", "continue_in_dialplan"])
def test_a_fallback_that_fails_is_busy(request_name: str) -> None:
    async def main() -> None:
        async with open_house(capacity=one_place("fallback")) as house:
            house.asterisk.failing[request_name] = TelephonyError("no", code="ari_refused")
            _, second = await second_caller(house)
            assert house.asterisk.hung_up_with[second] == 17
            assert outcomes(house)[1] == FAILED

    run(main())


def test_a_waiting_caller_gets_the_place_after_the_announcement() -> None:
    async def main() -> None:
        async with open_house(capacity=one_place("announce")) as house:
            first, second = await second_caller(house)
            assert house.asterisk.channels_by_id[second].state == "Up"
            assert [event.position for event in house.events if isinstance(event, CallQueued)] == [1]
            assert house.media.streams[1].playout.played == [HOLD]
            house.media.streams[1].frames.put(bytes(320))
            await asyncio.sleep(20)
            assert house.media.streams[1].playout.played == [HOLD] * 3, "1 s each, and 8 s of quiet between"
            assert not list(house.media.streams[1].frames._frames), (
                "what was said meanwhile is not for the conversation"
            )
            assert house.conversations == 1
            house.asterisk.caller_hangs_up(first)
            await asyncio.sleep(9)
            assert house.conversations == 1
            assert house.asterisk.channels_by_id.keys() >= {second}
            assert refusals(house) == []
            house.asterisk.caller_hangs_up(second)
            await house.settled()
            assert outcomes(house) == [(CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)] * 2
            await house.check_nothing_left()

    run(main())


def test_first_come_first_served_and_who_gives_up_is_passed_over() -> None:
    async def main() -> None:
        order: list[str] = []

        async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
            order.append(call.id)
            await asyncio.wait({stream.closed})
            return EndedReason.CALLER_HANGUP

        async with open_house(handler, capacity=one_place("announce")) as house:
            channels = [*await second_caller(house), house.asterisk.ring(), house.asterisk.ring()]
            await asyncio.sleep(1)
            assert house.places.waiting == 3
            house.asterisk.caller_hangs_up(channels[1])
            await asyncio.sleep(1)
            assert house.places.waiting == 2
            house.asterisk.caller_hangs_up(channels[0])
            await asyncio.sleep(30)
            house.asterisk.caller_hangs_up(channels[2])
            await asyncio.sleep(30)
            assert order == [list(house.calls)[index] for index in (0, 2, 3)]
            house.asterisk.caller_hangs_up(channels[3])
            await house.settled()
            await house.check_nothing_left()

    run(main())


def test_a_caller_who_waited_too_long_is_told_goodbye() -> None:
    async def main() -> None:
        async with open_house(capacity=one_place("announce", queue_timeout_s=10)) as house:
            first, second = await second_caller(house)
            await asyncio.sleep(14)
            assert house.media.streams[1].playout.played[:3] == [HOLD, HOLD, GOODBYE]
            assert outcomes(house)[1] == (CallStatus.COMPLETED, EndedReason.LIMIT_EXCEEDED)
            assert house.asterisk.hung_up_with[second] == 16
            assert refusals(house) == [("announce", 1, 1)]
            assert house.places.waiting == 0
            house.asterisk.caller_hangs_up(first)
            await house.settled()
            await house.check_nothing_left()

    run(main())


def test_a_full_waiting_room_is_busy() -> None:
    async def main() -> None:
        async with open_house(capacity=one_place("announce", queue_calls=1)) as house:
            await second_caller(house)
            third = house.asterisk.ring()
            await asyncio.sleep(0.2)
            assert house.asterisk.hung_up_with[third] == 17
            assert outcomes(house)[2] == FAILED

    run(main())


def test_who_waits_is_let_go_when_the_server_stops() -> None:
    async def main() -> None:
        async with open_house(capacity=one_place("announce")) as house:
            await second_caller(house)
            await house.switchboard.drain.finish()
            assert outcomes(house) == [(CallStatus.COMPLETED, EndedReason.SERVER_SHUTDOWN)] * 2
            await house.check_nothing_left()

    run(main())
