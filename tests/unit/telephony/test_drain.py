"""A drain: who is let in, who may go on, and for how long. In virtual time."""

from __future__ import annotations

import asyncio

import pytest

from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.events import CallRefused
from agent.settings import CapacitySettings, DrainSettings
from agent.telephony.inputs import ChannelInputs
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_media import FakeStream
from tests.unit.telephony.house import House, open_house

pytestmark = pytest.mark.usefixtures("without_logs")
GOODBYE_S = 2.0


async def polite(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
    await inputs.closing.wait()
    await asyncio.sleep(GOODBYE_S)
    return EndedReason.SERVER_SHUTDOWN


def now() -> float:
    return asyncio.get_running_loop().time()


async def talking(house: House) -> str:
    channel_id = house.asterisk.ring()
    house.in_conversation.clear()
    await house.in_conversation.wait()
    return channel_id


def ends(house: House) -> list[tuple[CallStatus, EndedReason | None]]:
    return [(history[-1].status, history[-1].ended_reason) for history in house.calls.values()]


def test_calls_go_on_to_the_deadline_and_then_hear_goodbye() -> None:
    async def main() -> None:
        async with open_house(polite, drain=DrainSettings(timeout_s=600)) as house:
            await talking(house)
            begun = now()
            await house.switchboard.drain.finish()
            assert 600 + GOODBYE_S <= now() - begun < 600 + GOODBYE_S + 3
            assert ends(house) == [(CallStatus.COMPLETED, EndedReason.SERVER_SHUTDOWN)]

    run(main())


def test_who_does_not_finish_the_goodbye_is_cut() -> None:
    async def main() -> None:
        async with open_house(drain=DrainSettings(timeout_s=60, farewell_s=5)) as house:
            await talking(house)
            begun = now()
            await house.switchboard.drain.finish()
            assert 65 <= now() - begun < 68
            assert ends(house) == [(CallStatus.COMPLETED, EndedReason.SERVER_SHUTDOWN)]

    run(main())


def test_it_is_over_with_the_last_call() -> None:
    async def main() -> None:
        async with open_house(polite, drain=DrainSettings(timeout_s=600)) as house:
            channel_id = await talking(house)
            asyncio.get_running_loop().call_later(30, house.asterisk.caller_hangs_up, channel_id)
            begun = now()
            await house.switchboard.drain.finish()
            assert now() - begun < 35
            assert ends(house) == [(CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)]

    run(main())


def test_hurrying_ends_all_at_once_and_tells_how() -> None:
    async def main() -> None:
        async with open_house(polite, drain=DrainSettings(timeout_s=600)) as house:
            await talking(house)
            await talking(house)
            finishing = asyncio.create_task(house.switchboard.drain.finish())
            await asyncio.sleep(5)
            begun = now()
            house.switchboard.drain.hurry()
            await finishing
            assert now() - begun < GOODBYE_S
            assert ends(house) == [(CallStatus.COMPLETED, EndedReason.SERVER_SHUTDOWN)] * 2
            await house.check_nothing_left()

    run(main())


@pytest.mark.parametrize(("rule", "cause"), [("busy", 17), ("unavailable", 42)])
def test_new_callers_are_refused_as_the_rule_says(rule: str, cause: int) -> None:
    async def main() -> None:
        async with open_house(drain=DrainSettings.model_validate({"rule": rule})) as house:
            await talking(house)
            house.switchboard.drain.begin()
            late = house.asterisk.ring()
            await asyncio.sleep(1)
            assert house.asterisk.hung_up_with[late] == cause
            assert ends(house)[1] == (CallStatus.FAILED, EndedReason.SERVER_SHUTDOWN)
            told = [event for event in house.events if isinstance(event, CallRefused)]
            assert [(event.rule, event.calls, event.capacity) for event in told] == [(rule, 1, 0)]

    run(main())


def test_new_callers_go_on_in_the_dialplan() -> None:
    async def main() -> None:
        async with open_house(drain=DrainSettings()) as house:
            house.switchboard.drain.begin()
            channel_id = house.asterisk.ring()
            await asyncio.sleep(1)
            channel = house.asterisk.channels_by_id.pop(channel_id)
            assert channel.context == CapacitySettings().fallback_context
            assert channel.variables == {"PHONE_AGENT_REASON": "server_shutdown"}
            assert ends(house) == [(CallStatus.FAILED, EndedReason.SERVER_SHUTDOWN)]

    run(main())


def test_taken_back_it_takes_calls_and_those_under_way_go_on() -> None:
    async def main() -> None:
        async with open_house(polite, drain=DrainSettings(timeout_s=10)) as house:
            drain = house.switchboard.drain
            first = await talking(house)
            drain.begin()
            assert drain.state is not None
            assert drain.state.calls == 1
            await asyncio.sleep(5)
            assert [drain.resume(), drain.resume()] == [True, True]
            assert house.switchboard.drain.state is None
            await asyncio.sleep(60)
            second = await talking(house)
            for channel_id in (first, second):
                house.asterisk.caller_hangs_up(channel_id)
            await house.settled()
            assert ends(house) == [(CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)] * 2

    run(main())


def test_beginning_again_changes_nothing_but_a_time_that_is_named() -> None:
    async def main() -> None:
        async with open_house(drain=DrainSettings(timeout_s=100)) as house:
            drain = house.switchboard.drain
            await talking(house)
            drain.begin()
            before = drain.state
            drain.begin()
            assert drain.state == before
            drain.begin(1000)
            assert before is not None
            assert drain.state is not None
            assert drain.state.since == before.since
            assert drain.state.deadline > before.deadline
            await asyncio.sleep(500)
            assert drain.state.calls == 1

    run(main())


def test_the_end_of_the_server_cannot_be_taken_back() -> None:
    async def main() -> None:
        async with open_house(polite, drain=DrainSettings(timeout_s=100)) as house:
            await talking(house)
            finishing = asyncio.create_task(house.switchboard.drain.finish())
            await asyncio.sleep(1)
            assert not house.switchboard.drain.resume()
            assert house.switchboard.drain.state is not None
            await finishing

    run(main())
