"""One call that came in, from its first event to its one terminal status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from agent.domain.call import Call, CallStatus, EndedReason, transition
from agent.domain.cost import Cost
from agent.errors import TelephonyError
from agent.media.ending import MediaEnd
from agent.media.stream import MediaStream
from agent.telephony.ari import AriClient, GoneError
from agent.telephony.ari_events import AriEvent
from agent.telephony.ending import NORMAL_CLEARING, Ending, final_status, reason_for
from agent.telephony.inputs import ChannelInputs
from agent.telephony.keys import press_keys
from agent.telephony.line_watch import watched_line
from agent.telephony.media_path import MediaPath
from agent.telephony.reception import PREPARE_S
from agent.telephony.waiting import first_of
from agent.telephony.waiting_room import WaitingRoom

log = structlog.get_logger()

Verdict = Ending | WaitingRoom | None
"""How a caller is let go unanswered; where they wait for the conversation; None: they are answered."""

Receive = Callable[[Call], Awaitable[tuple[Call, Verdict]]]
"""Finds out who takes the call, and what becomes of the caller."""

HandleCall = Callable[[Call, MediaStream, ChannelInputs], Awaitable[EndedReason]]
"""The conversation: returns why it ended the call. It is cancelled when the call ends otherwise."""

RING_OUT_MS = 200
"""Silence after the conversation's last sound, before we hang up. Asterisk passes a frame on within 20 ms, but a
telephone drops at BYE what its jitter buffer holds, which is 40 to 160 ms."""
RING_OUT_LIMIT_S = 1.0
ARBITRATION_S = 1.0
"""Longest wait for Asterisk's word on why the sound ended. It comes within milliseconds if it comes at all."""
FAREWELL_EVENT_S = 2.0
"""Longest wait for the ChannelDestroyed that names the hang-up cause."""
HANDLER_END_S = 3.0
"""A cancelled conversation that has not ended after so long is left behind."""

REASON_VARIABLE = "PHONE_AGENT_REASON"
"""Channel variable that tells the dialplan why we let a caller go: a value of EndedReason."""
_SHUTDOWN_FLAG = 4
"""AST_SOFTHANGUP_SHUTDOWN of Asterisk's channel.h. With `soft`, `cause` of ChannelHangupRequest holds these flags and
no Q.850 cause (seen with 22.10.1 on `core stop now`, `core restart now` and SIGTERM)."""
_DEVICE_FLAG = 1
"""AST_SOFTHANGUP_DEV, likewise: the SIP channel gave itself up. Seen with 22.10.1 when no RTP came for `rtp_timeout`;
the ChannelDestroyed that follows has the cause 44. A telephone's BYE is no soft hang-up and has no such flags."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session needs of the house."""

    ari: AriClient
    handle_call: HandleCall
    changed: Callable[[Call], None]
    """Told of each status of the call. Must not raise."""
    linked: Callable[[], bool]
    """Whether Asterisk's events reach us now."""
    now: Callable[[], datetime]
    prepare: Callable[[Call], Awaitable[None]] | None = None
    """Makes ready what the caller hears first, where that is known only now. Must not raise."""


class CallSession:
    """Decides once how its call ends. The first deciding event wins, whatever else dies at the same time.

    What decides: the caller's channel leaves (`caller_hangup`), the conversation ends (its reason), Asterisk stops
    (`telephony_error`), the sound ends while the caller's channel lives, or the caller's telephone has sent none for
    the `rtp_timeout` of pjsip.conf (`media_error`), `end` is called. The end of the sound alone decides nothing, since
    a dying Asterisk closes it too: Asterisk is asked first (`_arbitrate`).
    """

    def __init__(
        self,
        call: Call,
        channel_id: str,
        path: MediaPath,
        house: Surroundings,
        *,
        verdict: Verdict = None,
        receive: Receive | None = None,
    ) -> None:
        """With an Ending as `verdict` the caller is not answered, but let go in this way.

        With a WaitingRoom the caller is answered, and waits there for the conversation. `receive` decides it later,
        while the caller hears ringing.
        """
        self.call = call
        self.channel_id = channel_id
        self.path = path
        self.inputs = ChannelInputs(lambda keys: press_keys(house.ari, channel_id, keys))
        self.cost = Cost()
        """Collects what is computed for it; to be made that of the task which runs it."""
        self._house = house
        self._verdict = verdict
        self._receive = receive
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._ended_at = call.created_at
        self._caller_gone = asyncio.Event()
        self._caller_destroyed = asyncio.Event()
        self._link_lost = asyncio.Event()
        self._cause: int | None = None
        self._sip_code: int | None = None
        self._arbiter: asyncio.Task[None] | None = None

    # What happens to the call, told by the switchboard.

    def caller_event(self, event: AriEvent) -> None:
        """Something happened to the caller's channel."""
        match event["type"]:
            case "ChannelHangupRequest" if _asterisk_stops(event):
                self.end(Ending(EndedReason.TELEPHONY_ERROR, caller_left=True))
            case "ChannelHangupRequest" if _telephone_fell_silent(event):
                self.end(Ending(EndedReason.MEDIA_ERROR, caller_left=True))
            case "ChannelDestroyed":
                self._cause = _number(event.get("cause"))
                self._sip_code = _number(event.get("tech_cause"))
                self._caller_destroyed.set()
                self._caller_left()
            case "StasisEnd":
                self._caller_left()

    def media_event(self, event: AriEvent) -> None:
        """Something happened to our media channel."""
        match event["type"]:
            case "StasisStart":
                self.path.in_stasis.set()
            case "ChannelHangupRequest" if _asterisk_stops(event):
                self.end(Ending(EndedReason.TELEPHONY_ERROR, caller_left=True))
            case "ChannelDestroyed":
                self.path.channel_gone.set()

    def vanished(self, *, restarted: bool) -> None:
        """Asterisk does not have the caller's channel (any more); `restarted`: because it is another process now."""
        self._caller_gone.set()
        self._caller_destroyed.set()
        reason = EndedReason.TELEPHONY_ERROR if restarted else EndedReason.CALLER_HANGUP
        self.end(Ending(reason, caller_left=True))

    def link_lost(self) -> None:
        """Asterisk's events do not reach us. The call goes on as long as its sound does."""
        self._link_lost.set()

    def link_back(self) -> None:
        """Asterisk's events reach us again."""
        self._link_lost.clear()

    def end(self, ending: Ending) -> None:
        """End the call in this way, unless that was decided before."""
        if not self._ending.done():
            self._ended_at = self._house.now()
            self._ending.set_result(ending)

    # What the call does.

    async def run(self) -> None:
        """Lead the call to its terminal status, and remove everything it had in Asterisk."""
        work = asyncio.create_task(self._work(), name=f"{self.call.id}-work")
        work.add_done_callback(self._work_ended)
        try:
            await self._decided()
            await self._stop(work)
            await self._clear_up(self._ending.result())
        except asyncio.CancelledError:
            self.end(Ending(EndedReason.SERVER_SHUTDOWN))
            work.cancel()
            raise
        except Exception:
            log.exception("telephony.clearing_up_failed", call_id=self.call.id)
        finally:
            self._finish(self._ending.result())

    async def _work(self) -> Ending:
        await self._house.ari.subscribe(self.channel_id)
        if self._receive is not None:
            await self._house.ari.indicate_ringing(self.channel_id)
            self.call, self._verdict = await self._receive(self.call)
        if isinstance(self._verdict, Ending):
            return self._verdict
        async with self._greeting_prepared():
            stream = await self.path.open(self.channel_id)
            stream.closed.add_done_callback(self._sound_ended)
        await self._house.ari.answer(self.channel_id)
        self._become(transition(self.call, CallStatus.IN_PROGRESS, at=self._house.now()))
        async with watched_line(self._house.ari, self.channel_id, stream.frames):
            if self._verdict is not None:
                ending = await self._verdict.wait(self.call, stream, self.inputs)
                if ending is not None:
                    return ending
            reason = EndedReason(await self._house.handle_call(self.call, stream, self.inputs))
            return Ending(reason, let_ring_out=True)

    @asynccontextmanager
    async def _greeting_prepared(self) -> AsyncIterator[None]:
        """It is made ready while the block runs, and for a little while after it."""
        if self._receive is None or self._house.prepare is None:
            yield
            return
        preparing = asyncio.ensure_future(self._house.prepare(self.call))
        try:
            yield
            await asyncio.wait({preparing}, timeout=PREPARE_S)
        finally:
            preparing.cancel()

    def _work_ended(self, work: asyncio.Task[Ending]) -> None:
        if self._ending.done():
            return
        error = asyncio.CancelledError() if work.cancelled() else work.exception()
        sound_ended = self.path.stream is not None and self.path.stream.closed.done()
        if error is None and not sound_ended:
            self.end(work.result())
            return
        reason = EndedReason.MEDIA_ERROR
        if error is not None:
            reason = reason_for(error)
            self._report(error, reason)
        # A failure of Asterisk, or of the sound, may only show that the caller or Asterisk has gone: ask.
        if sound_ended or reason in {EndedReason.TELEPHONY_ERROR, EndedReason.MEDIA_ERROR}:
            self._ask_why(reason)
        else:
            self.end(Ending(reason))

    def _report(self, error: BaseException, reason: EndedReason) -> None:
        if reason is EndedReason.INTERNAL_ERROR:
            log.error("telephony.call_failed", call_id=self.call.id, exc_info=error)
        else:
            code = getattr(error, "code", "")
            log.warning("telephony.call_trouble", call_id=self.call.id, code=code, problem=str(error))

    def _sound_ended(self, closed: asyncio.Future[MediaEnd]) -> None:
        if not self._ending.done():
            log.debug("telephony.sound_ended", call_id=self.call.id, kind=closed.result().kind)
            self._ask_why(EndedReason.MEDIA_ERROR)

    def _ask_why(self, otherwise: EndedReason) -> None:
        if self._arbiter is None:
            self._arbiter = asyncio.create_task(self._arbitrate(otherwise), name=f"{self.call.id}-arbiter")

    async def _arbitrate(self, otherwise: EndedReason) -> None:
        try:
            self.end(await self._asterisks_word(otherwise))
        except Exception:
            log.exception("telephony.arbitration_failed", call_id=self.call.id)
            self.end(Ending(otherwise))

    async def _asterisks_word(self, otherwise: EndedReason) -> Ending:
        """Why the call cannot go on: the caller has gone, or Asterisk has, or else `otherwise`.

        An event decides where one comes. The end of our media channel tells that all events before it were heard.
        """
        linked = self._house.linked
        if self.path.stream is not None and linked():
            await first_of(self.path.channel_gone.wait(), self._link_lost.wait(), timeout_s=ARBITRATION_S)
        try:
            await self._house.ari.channel(self.channel_id)
        except GoneError:
            if linked():  # the event that says why is on its way
                await first_of(self._link_lost.wait(), timeout_s=ARBITRATION_S)
            reason = EndedReason.CALLER_HANGUP if linked() else EndedReason.TELEPHONY_ERROR
            return Ending(reason, caller_left=True)
        except TelephonyError:
            return Ending(EndedReason.TELEPHONY_ERROR)
        return Ending(otherwise)

    def _caller_left(self) -> None:
        self._caller_gone.set()
        self.end(Ending(EndedReason.CALLER_HANGUP, caller_left=True))

    async def _decided(self) -> None:
        await asyncio.wait({self._ending})

    async def _stop(self, work: asyncio.Task[Ending]) -> None:
        tasks = {task for task in (work, self._arbiter) if task is not None}
        for task in tasks:
            task.cancel()
        _, left = await asyncio.wait(tasks, timeout=HANDLER_END_S)
        if left:
            log.error("telephony.handler_does_not_end", call_id=self.call.id)

    async def _clear_up(self, ending: Ending) -> None:
        if ending.let_ring_out:
            await first_of(self.path.ring_out(RING_OUT_MS), self._caller_gone.wait(), timeout_s=RING_OUT_LIMIT_S)
        await asyncio.gather(self._release_caller(ending), self.path.close())

    async def _release_caller(self, ending: Ending) -> None:
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

    def _become(self, call: Call) -> None:
        self.call = call
        self._house.changed(call)

    def _finish(self, ending: Ending) -> None:
        status, reason = final_status(self.call, ending.reason)
        self._become(
            transition(
                self.call,
                status,
                at=self._ended_at,
                reason=reason,
                hangup_cause=self._cause,
                sip_code=self._sip_code,
                cpu_seconds=self.cost.told,
            )
        )


def _asterisk_stops(event: AriEvent) -> bool:
    return bool(event.get("soft")) and _number(event.get("cause")) == _SHUTDOWN_FLAG


def _telephone_fell_silent(event: AriEvent) -> bool:
    return bool(event.get("soft")) and _number(event.get("cause")) == _DEVICE_FLAG


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
