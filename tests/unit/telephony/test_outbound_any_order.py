"""Calls that we place, whatever happens to them and in whatever order, in virtual time."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.dialing import Dial
from agent.settings import CapacitySettings
from agent.telephony.ending import Ending
from agent.telephony.inputs import ChannelInputs
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_asterisk import FakeAsterisk
from tests.unit.telephony.fake_channel import FakeChannel
from tests.unit.telephony.fake_media import FakeStream
from tests.unit.telephony.house import House, open_house
from tests.unit.telephony.orders import FIRST, SECOND, UNKNOWN, Ways, queued

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
