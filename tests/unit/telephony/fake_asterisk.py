"""Asterisk as the switchboard sees it, in one process and in virtual time.

Its events come in the orders seen from Asterisk 22.10.1. Requests, the websocket and each AudioSocket have delays of
their own, drawn from a seed, so that what happens at one instant reaches us in any order, as it does over real sockets.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from agent.errors import TelephonyError
from agent.media.ending import MediaEndKind
from agent.telephony.ari import GoneError
from agent.telephony.ari_model import AsteriskInfo, Bridge, Channel
from tests.unit.telephony.fake_channel import FakeChannel
from tests.unit.telephony.fake_media import FakeMediaServer
from tests.unit.telephony.fake_websocket import FakeWebSocket

SHUTDOWN = {"soft": True, "cause": 4}


class FakeAsterisk:
    """Stands for AriClient, and for the Asterisk behind it."""

    def __init__(self, media: FakeMediaServer, *, seed: int = 0) -> None:
        self.app = "phone-agent"
        self.media = media
        self.alive = True
        self.requests: list[str] = []
        self.channels_by_id: dict[str, FakeChannel] = {}
        self.bridges_by_id: dict[str, set[str]] = {}
        self.hung_up_with: dict[str, int] = {}
        self.failing: dict[str, TelephonyError] = {}
        """Request → what it fails with, though Asterisk lives."""
        self.slow: dict[str, float] = {}
        """Request → seconds that it takes longer to get there."""
        self.packets: Iterator[int] = iter(())
        """What `packets_received` tells, one after the other; then 0."""
        self.replaced = False
        self.opened = 0
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self.slowest_event_s = 0.004
        self._websocket: FakeWebSocket | None = None
        self._last_event_at = 0.0
        self._starts = 1
        self._ids = 0

    # What happens in the world.

    def ring(self, exten: str = "1000") -> str:
        self._ids += 1
        channel = FakeChannel(f"{self._starts}.{self._ids}", exten)
        if self.alive and self._websocket is not None:
            self.channels_by_id[channel.id] = channel
            self._send("StasisStart", channel, args=[])
        return channel.id

    def press(self, channel_id: str, digit: str) -> None:
        self._send("ChannelDtmfReceived", self.channels_by_id[channel_id], digit=digit)

    def caller_hangs_up(self, channel_id: str, cause: int = 16) -> None:
        channel = self.channels_by_id.get(channel_id)
        if self.alive and channel is not None:
            self._send("ChannelHangupRequest", channel)
            self._destroy(channel, cause)

    def telephone_falls_silent(self, channel_id: str) -> None:
        """No RTP for `rtp_timeout`: Asterisk hangs up."""
        self._send("ChannelHangupRequest", self.channels_by_id[channel_id], soft=True, cause=1)
        self._destroy(self.channels_by_id[channel_id], 44)

    def sound_breaks(self) -> None:
        """Asterisk loses every AudioSocket, and lives."""
        for channel in list(self.channels_by_id.values()):
            if channel.stream is not None and self.alive:
                self._end_stream(channel, MediaEndKind.RESET)
                self._destroy(channel, 16)

    def stops(self) -> None:
        """`core stop now`, SIGTERM: all channels are told to hang up, do so one by one, then the connections close."""
        channels = list(self.channels_by_id.values())
        self._random.shuffle(channels)
        for channel in channels:
            self._send("ChannelHangupRequest", channel, **SHUTDOWN)
        self._stop_next(channels)

    def _stop_next(self, channels: list[FakeChannel]) -> None:
        if not channels:
            self._go()
            return
        channel = channels.pop()
        if channel.id in self.channels_by_id:
            self._end_stream(channel, MediaEndKind.PEER_CLOSED)
            self._destroy(channel, 16)
        self._later(lambda: self._stop_next(channels))

    def dies(self) -> None:
        """SIGKILL: nothing is said."""
        for channel in self.channels_by_id.values():
            self._end_stream(channel, MediaEndKind.RESET)
        self._go()

    def starts(self) -> None:
        self.alive = True
        self._starts += 1

    def websocket_breaks(self) -> None:
        if self._websocket is not None:
            self._at_event_time(self._websocket.deliver, None)
        self._websocket = None

    def say(self, event: dict[str, Any]) -> None:
        """Send any event at all."""
        if self._websocket is not None:
            self._at_event_time(self._websocket.deliver, event)

    def another_program_takes_over(self) -> None:
        self._send("ApplicationReplaced", None, application=self.app)
        self._websocket = None
        self.replaced = True

    def another_program_leaves(self) -> None:
        self.replaced = False

    @property
    def legs(self) -> list[FakeChannel]:
        """Channels that were originated, the oldest first."""
        return [channel for channel in self.channels_by_id.values() if channel.dialled]

    def trunk_tries(self, channel_id: str) -> None:
        """100 Trying: Asterisk says nothing of it unless asked."""
        self.channels_by_id[channel_id].heard = True

    def callee_rings(self, channel_id: str) -> None:
        self._progress(channel_id, "Ringing", "RINGING")

    def callee_sends_early_media(self, channel_id: str) -> None:
        self._progress(channel_id, "Down", "PROGRESS")

    def callee_answers(self, channel_id: str) -> None:
        self._progress(channel_id, "Up", "ANSWER")

    def callee_refuses(self, channel_id: str, sip_code: int | None, cause: int) -> None:
        channel = self.channels_by_id.get(channel_id)
        if self.alive and channel is not None:
            self._destroy(channel, cause, **({} if sip_code is None else {"tech_cause": sip_code}))

    def _progress(self, channel_id: str, state: str, dialstatus: str) -> None:
        channel = self.channels_by_id.get(channel_id)
        if self.alive and channel is not None:
            channel.heard = True
            if channel.state != state:
                channel.state = state
                self._send("ChannelStateChange", channel)
            self._send("Dial", None, dialstatus=dialstatus, peer=channel.as_json())

    # What AriClient offers.

    async def create_channel(self, channel_id: str, endpoint: str, variables: Mapping[str, str] | None = None) -> None:
        await self._request("create_channel")
        if endpoint.endswith("@unknown"):
            raise TelephonyError("Allocation failed", code="ari_refused")
        channel = FakeChannel(channel_id, "s", state="Down", followed=True, dialled=endpoint)
        channel.variables |= variables or {}
        self.channels_by_id[channel_id] = channel
        self._send("StasisStart", channel, args=[])

    async def dial(self, channel_id: str, *, timeout_s: float) -> None:
        await self._request("dial")
        channel = self._channel(channel_id)
        self._send("Dial", None, dialstatus="", peer=channel.as_json())
        asyncio.get_running_loop().call_later(timeout_s, self._ring_out, channel)

    def _ring_out(self, channel: FakeChannel) -> None:
        if channel.state != "Up":
            self.callee_refuses(channel.id, 480, 19)

    async def variable(self, channel_id: str, name: str) -> str:
        await self._request("variable")
        channel = self.channels_by_id.get(channel_id)
        assert name == "HANGUPCAUSE_KEYS()"
        return channel.id if channel is not None and channel.heard else ""

    async def ping(self) -> None:
        await self._request("ping")

    async def info(self) -> AsteriskInfo:
        await self._request("info")
        return AsteriskInfo("22.10.1", str(self._starts))

    async def channels(self) -> list[Channel]:
        await self._request("channels")
        return [Channel.of(channel.as_json()) for channel in self.channels_by_id.values()]

    async def channel(self, channel_id: str) -> Channel:
        await self._request("channel")
        return Channel.of(self._channel(channel_id).as_json())

    async def bridges(self) -> list[Bridge]:
        await self._request("bridges")
        return [Bridge(bridge_id, tuple(members)) for bridge_id, members in self.bridges_by_id.items()]

    async def subscribe(self, channel_id: str) -> None:
        await self._request("subscribe")
        self._channel(channel_id).followed = True

    async def indicate_ringing(self, channel_id: str) -> None:
        await self._request("indicate_ringing")
        self._channel(channel_id)

    async def answer(self, channel_id: str) -> None:
        await self._request("answer")
        self._channel(channel_id).state = "Up"

    async def hang_up(self, channel_id: str, *, cause: int = 16) -> None:
        await self._request("hang_up")
        channel = self._channel(channel_id)
        self.hung_up_with[channel_id] = cause
        self._end_stream(channel, MediaEndKind.PEER_CLOSED)
        self._destroy(channel, cause)

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        await self._request("set_variable")
        self._channel(channel_id).variables[name] = value

    async def packets_received(self, channel_id: str) -> int:
        await self._request("packets_received")
        self._channel(channel_id)
        return next(self.packets, 0)

    async def continue_in_dialplan(self, channel_id: str, context: str) -> None:
        await self._request("continue_in_dialplan")
        channel = self._channel(channel_id)
        channel.in_stasis, channel.context = False, context
        self._send("StasisEnd", channel)

    async def send_dtmf(
        self, channel_id: str, digits: str, *, duration_ms: int, between_ms: int, after_ms: int
    ) -> None:
        await self._request("send_dtmf")
        channel = self._channel(channel_id)
        channel.busy_until = asyncio.get_running_loop().time() + len(digits) * (duration_ms + between_ms) / 1000
        channel.keyed += digits

    async def settled(self, channel_id: str) -> None:
        await self._request("settled")
        await asyncio.sleep(max(0.0, self._channel(channel_id).busy_until - asyncio.get_running_loop().time()))
        self._channel(channel_id)

    async def external_media(self, channel_id: str, *, connection: str, address: str) -> Channel:
        await self._request("external_media")
        channel = FakeChannel(channel_id, "s", state="Up", followed=True)
        self.channels_by_id[channel_id] = channel
        channel.stream = self.media.connect(UUID(connection), lambda: self._stream_closed_by_us(channel))
        self._send("StasisStart", channel, args=[])
        return Channel.of(channel.as_json())

    async def create_bridge(self, bridge_id: str) -> Bridge:
        await self._request("create_bridge")
        self.bridges_by_id[bridge_id] = set()
        return Bridge(bridge_id, ())

    async def add_channels(self, bridge_id: str, *channel_ids: str) -> None:
        await self._request("add_channels")
        for channel_id in channel_ids:
            self._channel(channel_id)
        self.bridges_by_id[bridge_id] |= set(channel_ids)

    async def destroy_bridge(self, bridge_id: str) -> None:
        await self._request("destroy_bridge")
        if self.bridges_by_id.pop(bridge_id, None) is None:
            raise GoneError("no such bridge")

    async def application_exists(self) -> bool:
        await self._request("application_exists")
        return self._websocket is not None or self.replaced

    async def send_marker(self, name: str) -> None:
        await self._request("send_marker")
        self._send("ChannelUserevent", None, eventname=name)

    async def open_events(self) -> FakeWebSocket:
        await self._request("open_events")
        self.opened += 1
        self._websocket = FakeWebSocket()
        return self._websocket

    # How it works.

    async def _request(self, name: str) -> None:
        self.requests.append(name)
        if name in self.slow:
            await asyncio.sleep(self.slow[name])
        for _ in range(2):  # there and back
            if not self.alive:
                raise TelephonyError("Asterisk does not answer", code="ari_unreachable")
            await asyncio.sleep(self._delay())
        if name in self.failing:
            raise self.failing[name]

    def _channel(self, channel_id: str) -> FakeChannel:
        if channel_id not in self.channels_by_id:
            raise GoneError("no such channel")
        return self.channels_by_id[channel_id]

    def _destroy(self, channel: FakeChannel, cause: int, **fields: Any) -> None:
        self.channels_by_id.pop(channel.id, None)
        for members in self.bridges_by_id.values():
            members.discard(channel.id)
        self._send("StasisEnd", channel)
        if channel.followed:
            self._send("ChannelHangupRequest", channel, cause=cause, soft=True)
            self._send("ChannelDestroyed", channel, cause=cause, cause_txt="", **fields)

    def _stream_closed_by_us(self, channel: FakeChannel) -> None:
        def noticed() -> None:
            if self.alive and channel.id in self.channels_by_id:
                self._destroy(channel, 16)

        self._later(noticed)

    def _end_stream(self, channel: FakeChannel, kind: MediaEndKind) -> None:
        stream, channel.stream = channel.stream, None
        if stream is not None:
            self._later(lambda: stream.end(kind))

    def _go(self) -> None:
        self.alive = False
        self.channels_by_id.clear()
        self.bridges_by_id.clear()
        self.websocket_breaks()

    def _send(self, kind: str, channel: FakeChannel | None, **fields: Any) -> None:
        if self._websocket is None:
            return
        event = {"type": kind, "application": self.app, **fields}
        if channel is not None:
            event["channel"] = channel.as_json()
        self._at_event_time(self._websocket.deliver, event)

    def _at_event_time(self, deliver: Callable[[Any], None], event: object) -> None:
        loop = asyncio.get_running_loop()
        # A hair later each time: timers of the same instant would be free to swap places.
        self._last_event_at = max(
            self._last_event_at + 1e-9, loop.time() + self._random.uniform(0, self.slowest_event_s)
        )
        loop.call_at(self._last_event_at, deliver, event)

    def _later(self, action: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(self._delay(), action)

    def _delay(self) -> float:
        return self._random.uniform(0, 0.004)
