"""A switchboard with real sockets at a real Asterisk, a scripted conversation in it, and softphones that call it."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from agent.asterisk.config import AsteriskConfig
from agent.domain.agent import AgentRef
from agent.domain.call import Call, CallStatus, Direction, EndedReason
from agent.domain.dialing import Dial, DialOutcome, DialResult
from agent.domain.events import CallChanged, Event, KeyPressed
from agent.ids import new_call_id
from agent.media.server import AudioSocketServer
from agent.media.stream import MediaStream
from agent.settings import AsteriskSettings, DrainSettings, MediaSettings, OutboundSettings, Settings
from agent.telephony.ari import AriClient
from agent.telephony.ari_events import LinkState
from agent.telephony.backoff import Backoff
from agent.telephony.connection_attempt import Lines
from agent.telephony.doorway import Doorway
from agent.telephony.inputs import ChannelInputs
from agent.telephony.switchboard import Switchboard
from agent.testing.softphone import PhoneCall, Softphone

Handler = Callable[[Call, MediaStream, ChannelInputs], Awaitable[EndedReason]]


async def echo(_call: Call, stream: MediaStream, _inputs: ChannelInputs) -> EndedReason:
    """Send everything back until the sound ends."""
    async for frame in stream.frames:
        stream.playout.play(frame)
    return EndedReason.CALLER_HANGUP


class Watch:
    """Something that may be awaited until it holds."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def change(self) -> None:
        self._changed.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._changed.clear()
            await self._changed.wait()


class Ways:
    """A Route: these ways, one after the other."""

    def __init__(self, dials: Iterable[Dial]) -> None:
        self._dials = iter(dials)

    async def next(self, failed: DialOutcome | None) -> Dial | None:
        assert failed is None or failed.result is DialResult.TRUNK_FAILED
        return next(self._dials, None)


class RememberingAri(AriClient):
    """Knows the websocket that it opened last."""

    events: aiohttp.ClientWebSocketResponse | None = None

    async def open_events(self) -> aiohttp.ClientWebSocketResponse:
        self.events = await super().open_events()
        return self.events


class Exchange:
    def __init__(
        self,
        config: AsteriskConfig,
        folder: Path,
        handler: Handler = echo,
        doorway: Doorway | None = None,
        drain: DrainSettings | None = None,
        outbound: OutboundSettings | None = None,
        lines: Lines | None = None,
    ) -> None:
        self.config = config
        self.handler = handler
        self.events: list[Event] = []
        self.streams: list[MediaStream] = []
        self.watch = Watch()
        self.phone = Softphone()
        self._recordings = (folder / f"call{number}.wav" for number in itertools.count(1))
        self.settings = Settings(
            asterisk=asterisk_settings(config),
            media=MediaSettings(port=0),
            drain=drain or DrainSettings(),
            outbound=outbound or OutboundSettings(),
        )
        self.media = AudioSocketServer("127.0.0.1", 0)
        self.ari = RememberingAri(self.settings.asterisk)
        self.switchboard = Switchboard(
            self.ari,
            self.media,
            self.settings,
            agent_for={"1000": AgentRef("receptionist")}.get,
            handle_call=self._handle,
            sink=self.happened,
            doorway=doorway,
            lines=lines,
            on_link=lambda _state: self.watch.change(),
            backoff=Backoff(0.01, 0.1),
        )

    async def dial(self, number: str = "1000") -> PhoneCall:
        return await self.phone.call("127.0.0.1", self.config.sip_port, number, recording=next(self._recordings))

    def place(self, *ways: Dial, call_id: str | None = None) -> asyncio.Task[Call]:
        """A call of ours that takes these ways; its result is the call as it ended."""
        call = Call(
            id=call_id or new_call_id(),
            direction=Direction.OUTBOUND,
            caller="",
            callee="+49301000",
            agent="receptionist",
            status=CallStatus.QUEUED,
            created_at=datetime.now(UTC),
        )
        return asyncio.create_task(self.switchboard.place(call, Ways(ways)))

    async def talking(self) -> PhoneCall:
        """A call in which the conversation hears the caller."""
        so_far = len(self.streams)
        call = await self.dial()
        await self.watch.until(lambda: len(self.streams) > so_far)
        assert await call.answered
        return call

    async def connected(self) -> None:
        await self.watch.until(lambda: self.switchboard.events.connected)

    async def link(self, state: LinkState) -> None:
        await self.watch.until(lambda: self.switchboard.events.state is state)

    def lose_events(self) -> None:
        """Break the connection that the events come through, as a network does."""
        assert self.ari.events is not None
        self.ari.events.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    async def ended(self, count: int = 1) -> list[Call]:
        """The calls that ended, in that order, once there are `count` of them and the switchboard is done with them."""
        await self.watch.until(lambda: len(self._ended()) >= count)
        for call in self._ended():
            history = [e.call for e in self.events if isinstance(e, CallChanged) and e.call_id == call.id]
            assert [c.status.terminal for c in history] == [False] * (len(history) - 1) + [True]
        return self._ended()

    @property
    def keys(self) -> str:
        return "".join(event.digit for event in self.events if isinstance(event, KeyPressed))

    async def check_nothing_left(self) -> None:
        assert self.switchboard.calls == ()
        assert await self.ari.channels() == []
        assert await self.ari.bridges() == []
        assert self.media.streams == 0

    def _ended(self) -> list[Call]:
        return [e.call for e in self.events if isinstance(e, CallChanged) and e.call.status.terminal]

    async def _handle(self, call: Call, stream: MediaStream, inputs: ChannelInputs) -> EndedReason:
        self.streams.append(stream)
        self.watch.change()
        return await self.handler(call, stream, inputs)

    def happened(self, event: Event) -> None:
        self.events.append(event)
        self.watch.change()


def asterisk_settings(config: AsteriskConfig, *, password: str | None = None) -> AsteriskSettings:
    return AsteriskSettings(
        ari_url=f"http://127.0.0.1:{config.ari_port}",
        ari_user=config.ari_user,
        ari_password=SecretStr(password or config.ari_password),
        ami_port=config.ami_port,
        ami_user=config.ami_user,
        ami_password=SecretStr(password or config.ami_password),
        app=config.app,
    )


@asynccontextmanager
async def open_exchange(
    config: AsteriskConfig,
    folder: Path,
    handler: Handler = echo,
    doorway: Doorway | None = None,
    drain: DrainSettings | None = None,
    outbound: OutboundSettings | None = None,
    lines: Lines | None = None,
) -> AsyncIterator[Exchange]:
    exchange = Exchange(config, folder, handler, doorway, drain, outbound, lines)
    async with AsyncExitStack() as stack:
        await exchange.media.start()
        stack.push_async_callback(exchange.media.close)
        stack.push_async_callback(exchange.ari.close)
        stack.push_async_callback(exchange.switchboard.close)
        await exchange.switchboard.start()
        stack.push_async_callback(exchange.phone.close)
        yield exchange
