"""A switchboard between a fake Asterisk and a scripted conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

from agent.domain.agent import AgentRef
from agent.domain.call import Call, CallStatus, EndedReason
from agent.domain.events import CallChanged, Event
from agent.media.server import AudioSocketServer
from agent.settings import CapacitySettings, DrainSettings, Settings
from agent.telephony.ari import AriClient
from agent.telephony.ari_events import LinkState
from agent.telephony.backoff import Backoff
from agent.telephony.capacity import Capacity
from agent.telephony.doorway import Doorway
from agent.telephony.inputs import ChannelInputs
from agent.telephony.places import Places
from agent.telephony.reception import Reception
from agent.telephony.switchboard import Switchboard
from agent.telephony.waiting_room import Announcements
from tests.unit.telephony.fake_asterisk import FakeAsterisk
from tests.unit.telephony.fake_media import FakeMediaServer, FakeStream

HOLD, GOODBYE = b"\1\0" * 8000, b"\2\0" * 8000

Handler = Callable[[Call, FakeStream, ChannelInputs], Awaitable[EndedReason]]


async def until_cancelled(call: Call, stream: FakeStream, inputs: ChannelInputs) -> EndedReason:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


class House:
    def __init__(
        self,
        handler: Handler = until_cancelled,
        *,
        seed: int = 0,
        capacity: CapacitySettings | None = None,
        drain: DrainSettings | None = None,
        reception: Reception | None = None,
    ) -> None:
        self.media = FakeMediaServer()
        self.asterisk = FakeAsterisk(self.media, seed=seed)
        self.handler = handler
        self.events: list[Event] = []
        self.conversations = 0
        self.in_conversation = asyncio.Event()
        self.places = Places(Capacity(capacity or CapacitySettings(max_calls=1000)))
        self.switchboard = Switchboard(
            cast("AriClient", self.asterisk),
            cast("AudioSocketServer", self.media),
            Settings(drain=drain or DrainSettings(timeout_s=0, farewell_s=5, rule="unavailable")),
            agent_for={"1000": AgentRef("receptionist")}.get,
            handle_call=self._handle,
            sink=self.events.append,
            doorway=Doorway(
                self.places, capacity or CapacitySettings(), announcements=lambda _agent: Announcements(HOLD, GOODBYE)
            ),
            reception=reception,
            backoff=Backoff(first_s=0.05, longest_s=0.5),
            on_link=self._link_changed,
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        )
        self._linked = asyncio.Event()

    async def _handle(self, call: Call, stream: Any, inputs: ChannelInputs) -> EndedReason:
        self.conversations += 1
        self.in_conversation.set()
        try:
            return await self.handler(call, stream, inputs)
        finally:
            self.conversations -= 1

    @property
    def calls(self) -> dict[str, list[Call]]:
        """Each call's history."""
        histories: dict[str, list[Call]] = {}
        for event in self.events:
            if isinstance(event, CallChanged):
                histories.setdefault(event.call_id, []).append(event.call)
        return histories

    @property
    def last(self) -> Call:
        """How the only call ended."""
        (history,) = self.calls.values()
        return history[-1]

    async def settled(self, limit_s: float = 60) -> None:
        """Return when no call is left."""
        until = asyncio.get_running_loop().time() + limit_s
        while self.switchboard.calls or not self.calls:
            assert asyncio.get_running_loop().time() < until, f"never ends: {self.switchboard.calls}"
            await asyncio.sleep(0.01)  # virtual time

    async def connected(self) -> None:
        await self._linked.wait()
        assert self.switchboard.events.connected

    def _link_changed(self, state: LinkState) -> None:
        if state is LinkState.CONNECTED:
            self._linked.set()
        else:
            self._linked.clear()

    def check_histories(self) -> None:
        for history in self.calls.values():
            statuses = [call.status for call in history]
            assert statuses[0] is CallStatus.RINGING
            assert [status.terminal for status in statuses] == [False] * (len(statuses) - 1) + [True], statuses
            assert len(set(statuses)) == len(statuses)
            assert history[-1].ended_reason is not None
            assert history[-1].ended_at is not None

    async def check_nothing_left(self) -> None:
        """With a living Asterisk and a link to it, nothing of ours may remain once the strays were looked for."""
        if not self.asterisk.alive:
            self.asterisk.starts()
        await self.connected()
        await asyncio.sleep(130)  # virtual time: two rounds of reconciling
        assert not self.asterisk.channels_by_id
        assert not self.asterisk.bridges_by_id
        assert not self.media.expected
        assert all(stream.closed.done() for stream in self.media.streams)
        assert self.conversations == 0
        assert (self.places.taken, self.places.waiting) == (0, 0)


@asynccontextmanager
async def open_house(
    handler: Handler = until_cancelled,
    *,
    seed: int = 0,
    capacity: CapacitySettings | None = None,
    drain: DrainSettings | None = None,
    reception: Reception | None = None,
) -> AsyncIterator[House]:
    house = House(handler, seed=seed, capacity=capacity, drain=drain, reception=reception)
    await house.switchboard.start()
    await asyncio.sleep(0.1)  # virtual time: the first look at Asterisk is over
    try:
        yield house
    finally:
        await house.switchboard.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, left


async def talking(house: House) -> str:
    """A caller who talks; the id of their channel."""
    channel_id = house.asterisk.ring()
    await house.in_conversation.wait()
    return channel_id


async def ended(house: House) -> tuple[CallStatus, EndedReason | None]:
    """How the only call ended, with nothing left of it."""
    await house.settled()
    house.check_histories()
    last = house.last
    await house.check_nothing_left()
    return last.status, last.ended_reason
