"""Whatever happens, at whatever moment, in whatever order: each call ends exactly once, and nothing is left."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.domain.call import Call, EndedReason
from agent.errors import MediaError
from agent.settings import CapacitySettings
from agent.telephony.inputs import ChannelInputs
from tests.unit.dialog.virtual_time import run
from tests.unit.telephony.fake_media import FakeStream
from tests.unit.telephony.house import House, open_house

MOMENT_MS = st.one_of(
    st.integers(0, 60),  # while the call is set up
    st.integers(60, 1500),  # while it is talked, and Asterisk is found again
)
FAULTS = (
    "caller_hangs_up",
    "sound_breaks",
    "stops",
    "dies",
    "starts",
    "websocket_breaks",
    "conversation_returns",
    "conversation_raises",
    "rings_again",
    "drains",
)
CAPACITIES = (
    CapacitySettings(max_calls=1000),
    CapacitySettings(max_calls=1, rule="busy"),
    CapacitySettings(max_calls=1, rule="announce", queue_timeout_s=2),
)

pytestmark = pytest.mark.usefixtures("without_logs")


class Scene:
    def __init__(self) -> None:
        self.outcome: asyncio.Future[EndedReason] = asyncio.get_running_loop().create_future()
        self.drain: asyncio.Task[None] | None = None

    async def handler(self, call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
        waits: set[asyncio.Future[Any]] = {self.outcome, stream.closed}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if self.outcome.done():
            return self.outcome.result()
        raise MediaError("no sound any more")

    def happen(self, house: House, fault: str) -> None:
        asterisk = house.asterisk
        match fault:
            case "caller_hangs_up":
                for channel_id in list(asterisk.channels_by_id):
                    if not channel_id.startswith("phone-agent."):
                        asterisk.caller_hangs_up(channel_id)
            case "conversation_returns" if not self.outcome.done():
                self.outcome.set_result(EndedReason.AGENT_HANGUP)
            case "conversation_raises" if not self.outcome.done():
                self.outcome.set_exception(ValueError("a fault of ours"))
                self.outcome.exception()
            case "rings_again":
                asterisk.ring()
            case "drains" if self.drain is None:
                self.drain = asyncio.create_task(house.switchboard.drain.finish(0.05))
            case "starts" if not asterisk.alive:
                asterisk.starts()
            case "stops" | "dies" | "sound_breaks" | "websocket_breaks":
                if asterisk.alive:
                    getattr(asterisk, fault)()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    faults=st.lists(st.tuples(MOMENT_MS, st.sampled_from(FAULTS)), max_size=5),
    seed=st.integers(0, 2**16),
    capacity=st.sampled_from(CAPACITIES),
)
def test_each_call_ends_once_and_nothing_is_left(
    faults: list[tuple[int, str]], seed: int, capacity: CapacitySettings
) -> None:
    async def main() -> None:
        scene = Scene()
        async with open_house(scene.handler, seed=seed, capacity=capacity) as house:
            start = asyncio.get_running_loop().time()
            house.asterisk.ring()
            for moment_ms, fault in sorted(faults):
                await asyncio.sleep(start + moment_ms / 1000 - asyncio.get_running_loop().time())  # virtual time
                scene.happen(house, fault)
            await asyncio.sleep(3)
            scene.happen(house, "conversation_returns")
            await house.settled()
            house.check_histories()
            assert len(house.calls) >= 1
            if scene.drain is not None:
                await scene.drain
            await house.check_nothing_left()

    run(main())


KINDS = (
    "StasisStart",
    "StasisEnd",
    "ChannelHangupRequest",
    "ChannelDestroyed",
    "ChannelStateChange",
    "ChannelDtmfReceived",
    "ChannelUserevent",
    "Unheard",
)
FIELDS = st.dictionaries(
    st.sampled_from(["cause", "tech_cause", "soft", "digit", "eventname", "replace_channel"]),
    st.one_of(st.none(), st.booleans(), st.integers(-1, 200), st.text(max_size=3)),
    max_size=3,
)
WHOSE = st.sampled_from(["caller", "media", "stranger", "nobody", "nonsense"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    events=st.lists(st.tuples(st.integers(0, 30), st.sampled_from(KINDS), WHOSE, FIELDS), max_size=12),
    seed=st.integers(0, 2**16),
)
def test_events_in_no_order_at_all(events: list[tuple[int, str, str, dict[str, object]]], seed: int) -> None:
    """Asterisk does not send such sequences. Should it ever, a call may end wrongly, but it ends, and once."""

    async def main() -> None:
        scene = Scene()
        async with open_house(scene.handler, seed=seed) as house:
            caller = house.asterisk.ring()
            await asyncio.sleep(0.005)
            (call,) = house.switchboard.calls or [None]
            for wait_ms, kind, whose, fields in events:
                await asyncio.sleep(wait_ms / 1000)  # virtual time
                channel: object = {
                    "caller": {"id": caller},
                    "media": {"id": f"phone-agent.media.{call.id[5:]}" if call else "phone-agent.media.x"},
                    "stranger": {"id": "77.1", "dialplan": {"exten": "1000"}},
                    "nobody": None,
                    "nonsense": {"id": [1], "caller": 3},
                }[whose]
                house.asterisk.say({"type": kind, "channel": channel, **fields})
            await asyncio.sleep(3)
            scene.happen(house, "conversation_returns")
            await house.settled()
            house.check_histories()
            await house.check_nothing_left()

    run(main())
