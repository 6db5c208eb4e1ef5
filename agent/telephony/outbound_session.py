"""One call of ours to somebody: dialled by one way after the other, answered or not, and talked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import structlog

from agent.domain.call import Call, CallStatus, EndedReason, transition
from agent.domain.dialing import DialOutcome, DialResult, Route
from agent.errors import TelephonyError
from agent.media.stream import MediaStream
from agent.telephony.ari_events import AriEvent
from agent.telephony.call_session import CallSession, Surroundings
from agent.telephony.channel_events import channel_of
from agent.telephony.ending import Ending
from agent.telephony.leg import Leg
from agent.telephony.media_path import MediaPath
from agent.telephony.reconcile import Held

log = structlog.get_logger()

_REASONS = {
    DialResult.BUSY: EndedReason.BUSY,
    DialResult.NO_ANSWER: EndedReason.NO_ANSWER,
    DialResult.REJECTED: EndedReason.REJECTED,
    DialResult.INVALID_DESTINATION: EndedReason.INVALID_DESTINATION,
    DialResult.CANCELED: EndedReason.CANCELED,
    DialResult.TRUNK_FAILED: EndedReason.TELEPHONY_ERROR,
}


class OutboundSession(CallSession):
    """A call that we make. See CallSession.

    Its way of sound is prepared while it rings, but nothing is sent or heard before the answer.
    """

    def __init__(
        self,
        call: Call,
        path: MediaPath,
        house: Surroundings,
        route: Route,
        *,
        admit: Callable[[], Awaitable[None]],
        draining: Callable[[], bool],
    ) -> None:
        """`admit` returns when the call has a place; while we are `draining` nothing new is dialled."""
        super().__init__(call, "", path, house)
        self._route = route
        self._admit = admit
        self._draining = draining
        self._leg: Leg | None = None
        self._legs = AsyncExitStack()
        self._preparing: asyncio.Task[MediaStream] | None = None

    @property
    def listens(self) -> Mapping[str, Callable[[AriEvent], None]]:
        """See CallSession. What happens to its legs it is told by them."""
        return {self.path.channel_id: self.media_event}

    @property
    def held(self) -> Held:
        """See CallSession. Its legs are held by Legs."""
        return Held("", self.path.channel_id, self.path.bridge_id)

    def vanished(self, *, restarted: bool) -> None:
        """See CallSession. A leg that was not answered tells of it itself."""
        if self._leg is not None and self._leg.answered:
            super().vanished(restarted=restarted)

    async def run(self) -> None:
        """See CallSession."""
        async with self._legs:
            await super().run()

    async def _connect(self) -> MediaStream | Ending:
        await self._admit()
        greeting = asyncio.create_task(self._prepare_greeting(), name=f"{self.call.id}-greeting")
        try:
            outcome = await self._dial()
            if isinstance(outcome, Ending):
                return outcome
            if outcome.result is not DialResult.ANSWERED or self._preparing is None:
                return Ending(_REASONS[outcome.result])
            self._leg_answered()
            stream = await self._preparing
            await self.path.join(self.channel_id)
            return stream
        finally:
            for task in (greeting, self._preparing):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)

    async def _prepare_greeting(self) -> None:
        if self._house.prepare is not None:
            await self._house.prepare(self.call)

    async def _dial(self) -> DialOutcome | Ending:
        """Try one way after the other; what came of the last."""
        outcome: DialOutcome | None = None
        while (dial := await self._route.next(outcome)) is not None:
            if self._draining() and self.call.status is CallStatus.QUEUED:
                return Ending(EndedReason.SERVER_SHUTDOWN)
            leg = await self._legs.enter_async_context(self._house.legs.leg(dial, on_event=self._leg_event))
            self._leg, self.channel_id = leg, leg.channel_id
            log.info("telephony.dialling", call_id=self.call.id, trunk=dial.trunk)
            came = await leg.start() or await self._ring(leg)
            if isinstance(came, Ending):
                return came
            outcome = came
            self._cause, self._sip_code = outcome.hangup_cause or leg.hangup_cause, outcome.sip_code
            if outcome.result is not DialResult.TRUNK_FAILED:
                return outcome
            log.warning("telephony.trunk_failed", call_id=self.call.id, trunk=dial.trunk, sip_code=outcome.sip_code)
        return outcome or DialOutcome(DialResult.TRUNK_FAILED)

    async def _ring(self, leg: Leg) -> DialOutcome | Ending:
        """Return what comes of a leg whose INVITE is out. Raises MediaError where no sound can be had."""
        self._dialled()
        if self._preparing is None:
            self._preparing = asyncio.create_task(self._prepare_path(), name=f"{self.call.id}-path")
        ringing = asyncio.create_task(leg.outcome(), name=f"{self.call.id}-ringing")
        closing = asyncio.create_task(self.inputs.closing.wait(), name=f"{self.call.id}-closing")
        waits: set[asyncio.Task[Any]] = {ringing, self._preparing, closing}
        try:
            while not ringing.done():
                _, waits = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                if self._preparing.done():
                    self._preparing.result()
                if closing.done() and not ringing.done():
                    return Ending(EndedReason.SERVER_SHUTDOWN)
            return ringing.result()
        finally:
            for task in (ringing, closing):
                task.cancel()
            await asyncio.gather(ringing, closing, return_exceptions=True)

    async def _prepare_path(self) -> MediaStream:
        stream = await self.path.prepare()
        stream.closed.add_done_callback(self._sound_ended)
        return stream

    def _leg_event(self, event: AriEvent) -> None:
        if self._leg is None or channel_of(event) != self._leg.channel_id:
            return  # of a way that was given up
        if event["type"] == "Dial":
            self._dialled()
        if self._leg.answered:
            self._leg_answered()
            self.caller_event(event)

    def _dialled(self) -> None:
        """The INVITE is out."""
        if self.call.status is CallStatus.QUEUED and not self._ending.done():
            self._become(transition(self.call, CallStatus.RINGING, at=self._house.now()))

    def _leg_answered(self) -> None:
        self._dialled()
        if self.call.status is CallStatus.RINGING and not self._ending.done():
            self._answered()

    async def _look(self, otherwise: EndedReason) -> Ending:
        if self._leg is not None and self._leg.answered:
            return await super()._look(otherwise)
        try:
            await self._house.ari.ping()
        except TelephonyError:
            return Ending(EndedReason.TELEPHONY_ERROR)
        return Ending(otherwise)

    async def _release(self, ending: Ending) -> None:
        del ending
        if self._leg is not None:
            await self._leg.hang_up()
            self._cause = self._cause or self._leg.hangup_cause

    def _finish(self, ending: Ending) -> None:
        if self.call.status is CallStatus.QUEUED and ending.reason is EndedReason.SERVER_SHUTDOWN:
            return  # nothing was dialled: it is for the next server, or for this one later
        super()._finish(ending)
