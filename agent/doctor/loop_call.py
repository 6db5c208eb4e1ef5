"""A real call through Asterisk that needs no telephone: two channels of AudioSocket, bridged with each other.

One of them is the caller and the other the agent's, made and connected as for any call. Both ends of the sound are
here, so what goes in can be compared with what comes out. The call has a Stasis application of its own, so that an
agent that is running is not disturbed.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from agent.errors import MediaError, TelephonyError
from agent.media.server import AudioSocketServer
from agent.media.stream import MediaStream
from agent.settings import Settings
from agent.telephony.address import advertised
from agent.telephony.ari import AriClient
from agent.telephony.ari_events import AriEvent, AriEvents, LinkState
from agent.telephony.media_path import MediaPath


@dataclass(slots=True)
class LoopCall:
    """The call while it stands."""

    caller: MediaStream
    agent: MediaStream
    setup_s: float
    """From the first request to sound on both sides."""
    asterisk_ahead_s: float | None
    """How far Asterisk's clock is ahead of ours; None where it did not tell."""


@asynccontextmanager
async def loop_call(settings: Settings, *, any_port: bool) -> AsyncIterator[LoopCall]:
    """Make the call, and remove every trace of it after the block.

    `any_port`: the configured port is held by the running agent, so another one is used for this call.
    Raises ConfigurationError, TelephonyError and MediaError, each with one sentence.
    """
    advertised(settings.media.advertise, (settings.media.bind, settings.media.port))  # fails before anything is opened
    async with AsyncExitStack() as stack:
        server = AudioSocketServer(settings.media.bind, 0 if any_port else settings.media.port)
        await server.start()
        stack.push_async_callback(server.close)
        host, _, _ = settings.media.advertise.rpartition(":")
        advertise = f"{host}:{server.address[1]}" if host and any_port else settings.media.advertise
        address = advertised(advertise, server.address)
        own = settings.asterisk.model_copy(update={"app": f"{settings.asterisk.app}-doctor-{secrets.token_hex(4)}"})
        ari = await stack.enter_async_context(AriClient(own))
        arrivals = _Arrivals()
        events = AriEvents(ari, on_event=arrivals.note, on_link=_ignore)
        await events.start()
        stack.push_async_callback(events.close)
        if not events.connected:
            raise TelephonyError(events.problem or "Asterisk's events cannot be read.", code="ari_unreachable")
        yield await _connect(stack, ari, server, address, arrivals, settings.media.admit_timeout_s)


@dataclass(slots=True)
class _Arrivals:
    """Which channels Asterisk has handed over."""

    seen: dict[str, asyncio.Event] = field(default_factory=dict)
    ahead_s: float | None = None

    def of(self, channel_id: str) -> asyncio.Event:
        return self.seen.setdefault(channel_id, asyncio.Event())

    def note(self, event: AriEvent) -> None:
        if event["type"] != "StasisStart":
            return
        with suppress(KeyError, TypeError, ValueError):
            self.ahead_s = datetime.fromisoformat(event["timestamp"]).timestamp() - time.time()
        self.of(event["channel"]["id"]).set()


async def _connect(
    stack: AsyncExitStack,
    ari: AriClient,
    server: AudioSocketServer,
    address: str,
    arrivals: _Arrivals,
    timeout_s: float,
) -> LoopCall:
    started = time.monotonic()
    caller_id = f"{ari.app}.caller"
    path = MediaPath(ari, server, address=address, key="agent", timeout_s=timeout_s)
    path.in_stasis = arrivals.of(path.channel_id)
    connection = uuid.uuid4()
    admission = server.expect(connection)
    stack.callback(admission.cancel)
    try:
        await ari.external_media(caller_id, connection=str(connection), address=address)
    except TelephonyError as error:
        if error.code != "ari_refused":
            raise
        raise MediaError(
            f"Asterisk could not bring the sound to {address}; see that it can connect there: "
            "set media.bind and media.advertise to an address of this machine that Asterisk reaches.",
            code="media_unreachable",
        ) from error
    stack.push_async_callback(_removed, ari, caller_id)
    caller = await admission.stream(timeout_s)
    stack.push_async_callback(caller.close)
    try:
        async with asyncio.timeout(timeout_s):
            await arrivals.of(caller_id).wait()
    except TimeoutError:
        raise TelephonyError("Asterisk did not hand over the caller's channel.", code="ari_timeout") from None
    stack.push_async_callback(path.close)
    agent = await path.open(caller_id)
    return LoopCall(caller, agent, time.monotonic() - started, arrivals.ahead_s)


async def _removed(ari: AriClient, channel_id: str) -> None:
    try:
        await ari.hang_up(channel_id)
    except TelephonyError:
        return  # it is gone with its sound, or Asterisk is


def _ignore(_state: LinkState) -> None:
    """A link that breaks shows in the call."""
