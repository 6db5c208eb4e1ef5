"""Each way in which a call can end, alone."""

from __future__ import annotations

import asyncio

import pytest

from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.events import KeyPressed
from agent.errors import LanguageModelError, MediaError, TelephonyError
from agent.telephony.inputs import ChannelInputs
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_media import FakeStream
from tests.unit.telephony.house import Handler, ended, open_house, talking, until_cancelled

pytestmark = pytest.mark.usefixtures("without_logs")


def test_caller_hangs_up() -> None:
    async def main() -> None:
        async with open_house() as house:
            house.asterisk.caller_hangs_up(await talking(house), cause=16)
            await house.settled()
            assert not house.asterisk.bridges_by_id, "removed with the call, not by a later look for strays"
            assert not house.asterisk.channels_by_id
            assert house.media.streams[0].closed.done()
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP)
            assert house.last.hangup_cause == 16
            assert house.asterisk.hung_up_with.keys() <= {f"phone-agent.media.{house.last.id[5:]}"}

    run(main())


def test_a_telephone_that_sends_no_sound_for_too_long_is_no_caller_who_hung_up() -> None:
    async def main() -> None:
        async with open_house() as house:
            house.asterisk.telephone_falls_silent(await talking(house))
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.MEDIA_ERROR)
            assert house.last.hangup_cause == 44

    run(main())


def test_caller_gives_up_while_it_rings() -> None:
    async def main() -> None:
        async with open_house() as house:
            channel_id = house.asterisk.ring()
            house.asterisk.caller_hangs_up(channel_id, cause=127)
            assert await ended(house) == (CallStatus.CANCELED, EndedReason.CANCELED)
            assert not house.in_conversation.is_set()

    run(main())


def test_conversation_ends_and_its_last_sound_is_heard() -> None:
    async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        assert call.status is CallStatus.IN_PROGRESS
        stream.playout.play(b"\1\0" * 80)
        return EndedReason.AGENT_HANGUP

    async def main() -> None:
        async with open_house(handler) as house:
            channel_id = await talking(house)
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.AGENT_HANGUP)
            assert house.asterisk.hung_up_with[channel_id] == 16
            (stream,) = house.media.streams
            assert stream.playout.played[0] == b"\1\0" * 80
            assert not any(stream.playout.played[1]), "silence follows, while the last sound is on its way"

    run(main())


async def returns_at_the_end_of_sound(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
    await asyncio.wait({stream.closed})
    return EndedReason.CALLER_HANGUP


async def fails_at_the_end_of_sound(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
    await asyncio.wait({stream.closed})
    raise MediaError("no sound any more")


whatever_the_conversation_thinks = pytest.mark.parametrize(
    "handler", [until_cancelled, returns_at_the_end_of_sound, fails_at_the_end_of_sound]
)


@whatever_the_conversation_thinks
def test_asterisk_stops_in_order(handler: Handler) -> None:
    async def main() -> None:
        for seed in range(40):
            async with open_house(handler, seed=seed) as house:
                await talking(house)
                house.asterisk.stops()
                assert await ended(house) == (CallStatus.COMPLETED, EndedReason.TELEPHONY_ERROR), seed

    run(main())


@whatever_the_conversation_thinks
def test_asterisk_dies(handler: Handler) -> None:
    async def main() -> None:
        for seed in range(40):
            async with open_house(handler, seed=seed) as house:
                await talking(house)
                house.asterisk.dies()
                assert await ended(house) == (CallStatus.COMPLETED, EndedReason.TELEPHONY_ERROR), seed

    run(main())


@whatever_the_conversation_thinks
def test_sound_breaks_while_asterisk_lives(handler: Handler) -> None:
    async def main() -> None:
        for seed in range(40):
            async with open_house(handler, seed=seed) as house:
                channel_id = await talking(house)
                house.asterisk.sound_breaks()
                assert await ended(house) == (CallStatus.COMPLETED, EndedReason.MEDIA_ERROR), seed
                assert house.asterisk.hung_up_with[channel_id] == 16

    run(main())


def test_the_sound_is_closed_on_our_side() -> None:
    async def main() -> None:
        async with open_house() as house:
            await talking(house)
            await house.media.streams[0].close()
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.MEDIA_ERROR)

    run(main())


@pytest.mark.parametrize("fault", ["stops", "dies", "caller_hangs_up"])
@pytest.mark.parametrize("moment_ms", range(0, 30, 2))
def test_the_end_comes_while_the_call_is_set_up(fault: str, moment_ms: int) -> None:
    async def main() -> None:
        for seed in range(10):
            async with open_house(seed=seed) as house:
                channel_id = house.asterisk.ring()
                await asyncio.sleep(moment_ms / 1000)
                if fault == "caller_hangs_up":
                    house.asterisk.caller_hangs_up(channel_id)
                else:
                    getattr(house.asterisk, fault)()
                await asyncio.sleep(1)
                if not house.calls:
                    continue  # it was over before we heard of it
                status, reason = await ended(house)
                if fault == "caller_hangs_up":
                    assert (status, reason) in {
                        (CallStatus.CANCELED, EndedReason.CANCELED),
                        (CallStatus.COMPLETED, EndedReason.CALLER_HANGUP),
                    }
                else:
                    assert status in {CallStatus.FAILED, CallStatus.COMPLETED}
                    assert reason is EndedReason.TELEPHONY_ERROR, (seed, moment_ms)

    run(main())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("a fault of ours"), EndedReason.INTERNAL_ERROR),
        (asyncio.CancelledError(), EndedReason.INTERNAL_ERROR),
        (LanguageModelError("too slow", code="llm_timeout"), EndedReason.LLM_ERROR),
    ],
)
def test_conversation_fails_and_others_go_on(error: BaseException, reason: EndedReason) -> None:
    async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        if inputs.digits.empty():
            await inputs.digits.get()
        raise error

    async def main() -> None:
        async with open_house(handler) as house:
            first, second = house.asterisk.ring(), house.asterisk.ring()
            await asyncio.sleep(1)
            house.asterisk.press(first, "1")
            await asyncio.sleep(1)
            (other,) = house.switchboard.calls
            assert house.asterisk.hung_up_with[first] == 16
            assert [e.digit for e in house.events if isinstance(e, KeyPressed)] == ["1"]
            house.asterisk.caller_hangs_up(second)
            await house.settled()
            house.check_histories()
            by_id = {call_id: history[-1].ended_reason for call_id, history in house.calls.items()}
            assert by_id.pop(other.id) is EndedReason.CALLER_HANGUP
            assert list(by_id.values()) == [reason]
            await house.check_nothing_left()

    run(main())


def test_conversation_returns_nonsense() -> None:
    async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        return "because"  # type: ignore[return-value]  # that is the fault

    async def main() -> None:
        async with open_house(handler) as house:
            house.asterisk.ring()
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.INTERNAL_ERROR)

    run(main())


def test_conversation_that_cannot_be_cancelled_is_left_behind() -> None:
    release = asyncio.Event()

    async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return EndedReason.AGENT_HANGUP

    async def main() -> None:
        async with open_house(handler) as house:
            house.asterisk.caller_hangs_up(await talking(house))
            await house.settled()
            assert house.last.ended_reason is EndedReason.CALLER_HANGUP
            release.set()
            await house.check_nothing_left()

    run(main())


def test_unknown_number_is_refused() -> None:
    async def main() -> None:
        async with open_house() as house:
            channel_id = house.asterisk.ring("4711")
            assert await ended(house) == (CallStatus.FAILED, EndedReason.INVALID_DESTINATION)
            assert house.asterisk.hung_up_with == {channel_id: 1}
            assert house.last.hangup_cause == 1
            assert not {"answer", "external_media"} & set(house.asterisk.requests)

    run(main())


@pytest.mark.parametrize(
    ("request_name", "error", "reason"),
    [
        ("external_media", TelephonyError("500", code="ari_refused"), EndedReason.MEDIA_ERROR),
        ("external_media", TelephonyError("slow", code="ari_timeout"), EndedReason.TELEPHONY_ERROR),
        ("create_bridge", TelephonyError("500", code="ari_refused"), EndedReason.TELEPHONY_ERROR),
        ("add_channels", TelephonyError("422", code="ari_refused"), EndedReason.TELEPHONY_ERROR),
        ("answer", TelephonyError("500", code="ari_refused"), EndedReason.TELEPHONY_ERROR),
    ],
)
def test_asterisk_refuses_a_step(request_name: str, error: TelephonyError, reason: EndedReason) -> None:
    async def main() -> None:
        async with open_house() as house:
            house.asterisk.failing[request_name] = error
            channel_id = house.asterisk.ring()
            await house.settled()
            house.asterisk.failing.clear()
            assert await ended(house) == (CallStatus.FAILED, reason)
            assert house.asterisk.hung_up_with[channel_id] == 42, "a trunk may try another server"

    run(main())


def test_sound_never_arrives() -> None:
    async def main() -> None:
        async with open_house() as house:
            house.media.unreachable = True
            house.asterisk.ring()
            assert await ended(house) == (CallStatus.FAILED, EndedReason.MEDIA_ERROR)

    run(main())


def test_shutdown_lets_conversations_say_goodbye() -> None:
    async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        await inputs.closing.wait()
        await stream.playout.play(bytes(16000)).done
        return EndedReason.SERVER_SHUTDOWN

    async def main() -> None:
        async with open_house(handler) as house:
            await talking(house)
            draining = asyncio.create_task(house.switchboard.drain.finish())
            await asyncio.sleep(0.1)
            late = house.asterisk.ring()
            await draining
            house.check_histories()
            assert [h[-1].ended_reason for h in house.calls.values()] == [EndedReason.SERVER_SHUTDOWN] * 2
            assert [h[-1].status for h in house.calls.values()] == [CallStatus.COMPLETED, CallStatus.FAILED]
            assert house.asterisk.hung_up_with[late] == 42
            assert len(house.media.streams[0].playout.played[0]) == 16000

    run(main())


def test_shutdown_ends_conversations_that_go_on() -> None:
    async def main() -> None:
        async with open_house() as house:
            channel_id = await talking(house)
            await house.switchboard.drain.finish()
            assert house.last.ended_reason is EndedReason.SERVER_SHUTDOWN
            assert house.asterisk.hung_up_with[channel_id] == 16
            assert not house.asterisk.channels_by_id

    run(main())


def test_keys_reach_the_conversation_and_nonsense_does_not() -> None:
    got: list[str] = []

    async def handler(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        while got[-1:] != ["#"]:
            got.append(await inputs.digits.get())
        return EndedReason.AGENT_HANGUP

    async def main() -> None:
        async with open_house(handler) as house:
            channel_id = await talking(house)
            for digit in ("1", "x", "", "12", "*", "#"):
                house.asterisk.press(channel_id, digit)
            assert await ended(house) == (CallStatus.COMPLETED, EndedReason.AGENT_HANGUP)
            assert got == ["1", "*", "#"]

    run(main())
