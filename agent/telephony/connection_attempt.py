"""One attempt to bring a caller together with somebody else, step by step, as the conversation asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from agent.domain.dialing import DialResult
from agent.domain.transfer import TransferDestination, TransferFailure
from agent.media.stream import MediaStream
from agent.telephony.ari import AriClient
from agent.telephony.ari_events import AriEvent
from agent.telephony.caller_line import CallerLine
from agent.telephony.destinations import Destinations, NoWayError, failure_of
from agent.telephony.dialing import refer_target
from agent.telephony.leg import Leg
from agent.telephony.legs import Legs
from agent.telephony.waiting import first_of

REFER_S = 10.0
"""So long after it was asked to, the caller's telephone may take to leave. It is told at once, and rings elsewhere
before it leaves; one that refuses says so to Asterisk alone."""
_MOST_KEYS = 16


class Lines(Protocol):
    """Room on the trunks, which those who are handed over share with calls out."""

    def out(self, trunk: str) -> AbstractAsyncContextManager[TransferFailure | None]:
        """A place on the trunk for as long as the block lasts; why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Switchgear:
    """What attempts of all calls share."""

    ari: AriClient
    legs: Legs
    destinations: Destinations
    lines: Lines | None
    """None: nothing bounds calls over trunks."""
    sound: Callable[[str], AbstractAsyncContextManager[MediaStream]]
    """The sound of a channel, given by its id, in a bridge of its own for as long as the block lasts."""


class ConnectionAttempt:
    """Made by CallControl. What it opened is closed by the stack."""

    def __init__(
        self,
        destination: TransferDestination,
        line: CallerLine,
        gear: Switchgear,
        stack: AsyncExitStack,
        *,
        referring: Callable[[], None],
        caller_left: asyncio.Event,
    ) -> None:
        """`referring` is told before the caller's telephone is asked to leave us; `caller_left` is set when it has."""
        self.keys: asyncio.Queue[str] = asyncio.Queue(_MOST_KEYS)
        """What whoever answered presses."""
        self.connected = False
        """The caller is with the other, or has left for them."""
        self.failure: TransferFailure | None = None
        self.sip_code: int | None = None
        self._destination = destination
        self._line = line
        self._gear = gear
        self._stack = stack
        self._briefing: AsyncExitStack | None = None
        self._referring = referring
        self._caller_left = caller_left
        self._leg: Leg | None = None

    async def reach(self) -> bool:
        """Let the caller wait and call the destination; whether somebody answered. Raises TelephonyError."""
        try:
            dial = self._gear.destinations.way(self._destination)
        except NoWayError as error:
            return self.give_up(error.reason)
        if dial.trunk and self._gear.lines is not None:
            failure = await self._stack.enter_async_context(self._gear.lines.out(dial.trunk))
            if failure is not None:
                return self.give_up(failure)
        await self._line.leave(music=self._destination.music)
        leg = self._leg = await self._stack.enter_async_context(self._gear.legs.leg(dial, on_event=self._event))
        outcome = await leg.call()
        self.sip_code = outcome.sip_code
        return outcome.result is DialResult.ANSWERED or self.give_up(failure_of(outcome))

    async def gone(self) -> None:
        """Return when whoever answered has hung up; after a REFER, when the caller has left."""
        await (self._caller_left if self._leg is None else self._leg.gone).wait()

    async def open_briefing(self) -> MediaStream:
        """The sound of whoever answered; the caller hears nothing of it. Raises MediaError, TelephonyError."""
        self._briefing = AsyncExitStack()
        self._stack.push_async_exit(self._briefing)
        return await self._briefing.enter_async_context(self._gear.sound(self._answered.channel_id))

    async def connect(self) -> bool:
        """Bring both together; False where whoever answered has gone. Raises TelephonyError."""
        leg = self._answered
        if self._briefing is not None:
            await self._briefing.aclose()
        bridge_id = await self._stack.enter_async_context(self._gear.legs.bridge())
        if leg.gone.is_set():
            return self.give_up(TransferFailure.DESTINATION_HANGUP)
        await self._line.join(bridge_id, leg.channel_id)
        if leg.gone.is_set():
            return self.give_up(TransferFailure.DESTINATION_HANGUP)
        self.connected = True
        return True

    async def refer(self) -> bool:
        """Ask the caller's telephone to call the destination itself; whether it left. Raises TelephonyError."""
        await self._line.leave(music=self._destination.music)
        self._referring()
        await self._gear.ari.redirect(self._line.channel_id, refer_target(self._destination.uri))
        await first_of(self._caller_left.wait(), timeout_s=REFER_S)
        self.connected = self._caller_left.is_set()
        return self.connected or self.give_up(TransferFailure.UNREACHABLE)

    def give_up(self, reason: TransferFailure) -> bool:
        """It did not come about; False."""
        self.failure = self.failure or reason
        return False

    @property
    def _answered(self) -> Leg:
        if self._leg is None:
            raise RuntimeError("nobody was reached")
        return self._leg

    def _event(self, event: AriEvent) -> None:
        digit = event.get("digit")
        if event["type"] == "ChannelDtmfReceived" and isinstance(digit, str) and not self.keys.full():
            self.keys.put_nowait(digit)
