"""Calls that we place, between a fake Asterisk and a scripted conversation, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.domain.call import Call, CallStatus, Direction, EndedReason
from agent.domain.dialing import Dial, DialOutcome, DialResult
from agent.errors import TelephonyError
from agent.settings import CapacitySettings
from agent.telephony.ending import Ending
from agent.telephony.inputs import ChannelInputs
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_asterisk import FakeAsterisk, FakeChannel
from tests.unit.telephony.fake_media import FakeStream
from tests.unit.telephony.house import House, open_house

FIRST = Dial(trunk="berlin", endpoint="trunk-1", number="+493012345", ring_timeout_s=20)
SECOND = Dial(trunk="munich", endpoint="trunk-2", number="493012345", ring_timeout_s=20)
UNKNOWN = Dial(trunk="lost", endpoint="unknown", number="+493012345")


@dataclass
class Ways:
    """A Route: some ways, and what was told of them."""

    dials: Sequence[Dial] = (FIRST,)
    failed: list[DialOutcome | None] = field(default_factory=list)

    async def next(self, failed: DialOutcome | None) -> Dial | None:
        self.failed.append(failed)
        count = len(self.failed)
        return self.dials[count - 1] if count <= len(self.dials) else None


def queued(name: str = "call_out") -> Call:
    return Call(
        id=name,
        direction=Direction.OUTBOUND,
        caller="+4930999",
        callee="+493012345",
        agent="receptionist",
        status=CallStatus.QUEUED,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


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


FAULTS = (
    "callee_rings",
    "callee_sends_early_media",
    "callee_answers",
    "callee_refuses",
    "trunk_fails",
    "callee_hangs_up",
    "canceled",
    "sound_breaks",
    "stops",
    "dies",
    "starts",
    "websocket_breaks",
    "conversation_returns",
    "drains",
    "somebody_calls",
)


class Scene:
    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.drain: asyncio.Task[None] | None = None

    async def handler(self, call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        await self.over.wait()
        return EndedReason.AGENT_HANGUP

    def happen(self, house: House, fault: str) -> None:
        asterisk = house.asterisk
        match fault:
            case "canceled":
                if session := house.switchboard.session("call_out"):
                    session.end(Ending(EndedReason.API_HANGUP))
            case "conversation_returns":
                self.over.set()
            case "drains" if self.drain is None:
                self.drain = asyncio.create_task(house.switchboard.drain.finish(0.05))
            case "starts" if not asterisk.alive:
                asterisk.starts()
            case "somebody_calls":
                asterisk.ring()
            case "stops" | "dies" | "sound_breaks" | "websocket_breaks" if asterisk.alive:
                getattr(asterisk, fault)()
            case _:
                for channel in asterisk.legs:
                    self._happen_to(asterisk, channel, fault)

    @staticmethod
    def _happen_to(asterisk: FakeAsterisk, channel: FakeChannel, fault: str) -> None:
        match fault, channel.state == "Up":
            case "callee_rings" | "callee_sends_early_media" | "callee_answers", False:
                getattr(asterisk, fault)(channel.id)
            case "callee_refuses", False:
                asterisk.callee_refuses(channel.id, 486, 17)
            case "trunk_fails", False:
                asterisk.callee_refuses(channel.id, 503, 34)
            case "callee_hangs_up", True:
                asterisk.caller_hangs_up(channel.id)


@pytest.mark.usefixtures("without_logs")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    faults=st.lists(
        st.tuples(st.one_of(st.integers(0, 60), st.integers(60, 8000)), st.sampled_from(FAULTS)), max_size=6
    ),
    seed=st.integers(0, 2**16),
    ways=st.sampled_from([(FIRST,), (FIRST, SECOND), (UNKNOWN, FIRST), ()]),
    capacity=st.sampled_from([CapacitySettings(max_calls=1000), CapacitySettings(max_calls=1, rule="busy")]),
)
def test_each_call_ends_once_whatever_happens_and_nothing_is_left(
    faults: list[tuple[int, str]], seed: int, ways: tuple[Dial, ...], capacity: CapacitySettings
) -> None:
    async def main() -> None:
        scene = Scene()
        async with open_house(scene.handler, seed=seed, capacity=capacity) as house:
            start = asyncio.get_running_loop().time()
            placing = asyncio.create_task(house.switchboard.place(queued(), Ways(ways)))
            for moment_ms, fault in sorted(faults):
                await asyncio.sleep(start + moment_ms / 1000 - asyncio.get_running_loop().time())  # virtual time
                scene.happen(house, fault)
            await asyncio.sleep(3)
            scene.happen(house, "conversation_returns")
            call = await placing
            history = house.calls.get("call_out", [])
            assert call.status.terminal or (call == queued() and scene.drain is not None and not history)
            assert [each.status.terminal for each in history] == [False] * (len(history) - 1) + [True] * bool(history)
            if CallStatus.IN_PROGRESS in [each.status for each in history]:
                assert call.status is CallStatus.COMPLETED
            if scene.drain is not None:
                await scene.drain
            for _ in range(60):
                if house.switchboard.calls:
                    await asyncio.sleep(1)
            await house.check_nothing_left()

    run(main())
