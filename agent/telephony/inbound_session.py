"""One call that came in: received, answered or let go, and talked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from agent.domain.call import Call, CallStatus
from agent.errors import TelephonyError
from agent.media.stream import MediaStream
from agent.telephony.ari import GoneError
from agent.telephony.call_session import FAREWELL_EVENT_S, CallSession, Surroundings
from agent.telephony.ending import NORMAL_CLEARING, Ending
from agent.telephony.media_path import MediaPath
from agent.telephony.reception import PREPARE_S
from agent.telephony.waiting import first_of
from agent.telephony.waiting_room import WaitingRoom

log = structlog.get_logger()

Verdict = Ending | WaitingRoom | None
"""How a caller is let go unanswered; where they wait for the conversation; None: they are answered."""

Receive = Callable[[Call], Awaitable[tuple[Call, Verdict]]]
"""Finds out who takes the call, and what becomes of the caller."""

REASON_VARIABLE = "PHONE_AGENT_REASON"
"""Channel variable that tells the dialplan why we let a caller go: a value of EndedReason."""


class InboundSession(CallSession):
    """A call that Asterisk handed us. See CallSession."""

    def __init__(self, call: Call, channel_id: str, path: MediaPath, house: Surroundings) -> None:
        super().__init__(call, channel_id, path, house)
        self.verdict: Verdict = None
        """With an Ending the caller is not answered, but let go in this way; with a WaitingRoom they are answered, and
        wait there for the conversation."""
        self.receive: Receive | None = None
        """Decides it later, while the caller hears ringing."""

    async def _connect(self) -> MediaStream | Ending:
        await self._house.ari.subscribe(self.channel_id)
        if self.receive is not None:
            await self._house.ari.indicate_ringing(self.channel_id)
            self.call, self.verdict = await self.receive(self.call)
        if isinstance(self.verdict, Ending):
            return self.verdict
        async with self._greeting_prepared():
            stream = await self.path.open(self.channel_id)
            stream.closed.add_done_callback(self._sound_ended)
        await self._house.ari.answer(self.channel_id)
        self._answered()
        return stream

    @asynccontextmanager
    async def _greeting_prepared(self) -> AsyncIterator[None]:
        """It is made ready while the block runs, and for a little while after it."""
        if self.receive is None or self._house.prepare is None:
            yield
            return
        preparing = asyncio.ensure_future(self._house.prepare(self.call))
        try:
            yield
            await asyncio.wait({preparing}, timeout=PREPARE_S)
        finally:
            preparing.cancel()

    async def _talk(self, stream: MediaStream) -> Ending:
        if isinstance(self.verdict, WaitingRoom):
            ending = await self.verdict.wait(self.call, stream, self.inputs)
            if ending is not None:
                return ending
        return await super()._talk(stream)

    async def _release(self, ending: Ending) -> None:
        if ending.fallback_context and await self._handed_over(ending):
            return
        if not ending.caller_left and not self._caller_gone.is_set():
            cause = NORMAL_CLEARING if self.call.status is CallStatus.IN_PROGRESS else ending.refusal
            try:
                await self._house.ari.hang_up(self.channel_id, cause=cause)
            except GoneError:
                pass
            except TelephonyError as error:
                log.debug("telephony.hang_up_failed", call_id=self.call.id, code=error.code)
                return
            else:
                self._cause = self._cause or cause
        if self._house.linked():
            await first_of(self._caller_destroyed.wait(), self._link_lost.wait(), timeout_s=FAREWELL_EVENT_S)

    async def _handed_over(self, ending: Ending) -> bool:
        """Let the caller go on in the dialplan, where that works."""
        try:
            await self._house.ari.set_variable(self.channel_id, REASON_VARIABLE, ending.reason)
            await self._house.ari.continue_in_dialplan(self.channel_id, ending.fallback_context)
        except TelephonyError as error:
            log.warning("telephony.no_fallback", call_id=self.call.id, code=error.code, problem=str(error))
            return False
        return True
