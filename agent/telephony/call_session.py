"""One call, from its first event to its one terminal status: what all calls have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from agent.domain.call import Call, CallStatus, EndedReason, transition
from agent.domain.cost import Cost
from agent.domain.events import EventSink, KeyPressed
from agent.errors import TelephonyError
from agent.media.ending import MediaEnd
from agent.media.stream import MediaStream
from agent.telephony.ari import AriClient, GoneError
from agent.telephony.ari_events import AriEvent
from agent.telephony.call_control import CallControl
from agent.telephony.caller_line import CallerLine
from agent.telephony.channel_events import asterisk_stops, number, telephone_fell_silent
from agent.telephony.connection_attempt import Switchgear
from agent.telephony.ending import Ending, final_status, reason_for
from agent.telephony.inputs import ChannelInputs
from agent.telephony.keys import press_keys
from agent.telephony.legs import Legs
from agent.telephony.line_watch import watched_line
from agent.telephony.media_path import MediaPath
from agent.telephony.reconcile import Held
from agent.telephony.waiting import first_of

log = structlog.get_logger()

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


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session needs of the house."""

    ari: AriClient
    handle_call: HandleCall
    changed: Callable[[Call], None]
    """Told of each status of the call. Must not raise."""
    tell: EventSink
    """Told of what else happens. Must not raise."""
    linked: Callable[[], bool]
    """Whether Asterisk's events reach us now."""
    legs: Legs
    gear: Switchgear
    now: Callable[[], datetime]
    prepare: Callable[[Call], Awaitable[None]] | None = None
    """Makes ready what is said first, where that is known only now. Must not raise."""
    agent_left: Callable[[str], None] = lambda _call_id: None
    """Told where a call goes on without its agent."""


class CallSession:
    """Decides once how its call ends. The first deciding event wins, whatever else dies at the same time.

    What decides: the telephone's channel leaves (`caller_hangup`), the conversation ends (its reason), Asterisk stops
    (`telephony_error`), the sound ends while the telephone's channel lives, or the telephone has sent none for
    the `rtp_timeout` of pjsip.conf (`media_error`), `end` is called. The end of the sound alone decides nothing, since
    a dying Asterisk closes it too: Asterisk is asked first (`_arbitrate`).
    """

    def __init__(self, call: Call, channel_id: str, path: MediaPath, house: Surroundings) -> None:
        """`channel_id`: of the telephone at the other end; empty while there is none."""
        self.call = call
        self.channel_id = channel_id
        self.path = path
        self.inputs = ChannelInputs(lambda keys: press_keys(house.ari, self.channel_id, keys))
        self.cost = Cost()
        """Collects what is computed for it; to be made that of the task which runs it."""
        self._house = house
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._ended_at = call.created_at
        self._caller_gone = asyncio.Event()
        self._caller_destroyed = asyncio.Event()
        self._link_lost = asyncio.Event()
        self._cause: int | None = None
        self._sip_code: int | None = None
        self._arbiter: asyncio.Task[None] | None = None
        line = CallerLine(house.ari, path, lambda: self.channel_id)
        self.control = CallControl(
            call.id, line, house.gear, tell=house.tell, now=house.now, caller_left=self._caller_gone
        )
        self.inputs.control = self.control

    @property
    def listens(self) -> Mapping[str, Callable[[AriEvent], None]]:
        """Who is to be told what happens to a channel, by its id."""
        return {self.channel_id: self.caller_event, self.path.channel_id: self.media_event}

    @property
    def held(self) -> Held:
        """What it has in Asterisk."""
        return Held(self.channel_id, self.path.channel_id, self.path.bridge_id)

    # What happens to the call, told by the switchboard.

    def caller_event(self, event: AriEvent) -> None:
        """Something happened to the telephone's channel."""
        match event["type"]:
            case "ChannelDtmfReceived":
                self._key_pressed(event.get("digit"))
            case "ChannelHangupRequest" if asterisk_stops(event):
                self.end(Ending(EndedReason.TELEPHONY_ERROR, caller_left=True))
            case "ChannelHangupRequest" if telephone_fell_silent(event):
                self.end(Ending(EndedReason.MEDIA_ERROR, caller_left=True))
            case "ChannelDestroyed":
                self._cause = number(event.get("cause"))
                self._sip_code = number(event.get("tech_cause"))
                self._caller_destroyed.set()
                self._caller_left()
            case "StasisEnd":
                self._caller_left()

    def media_event(self, event: AriEvent) -> None:
        """Something happened to our media channel."""
        match event["type"]:
            case "StasisStart":
                self.path.in_stasis.set()
            case "ChannelHangupRequest" if asterisk_stops(event):
                self.end(Ending(EndedReason.TELEPHONY_ERROR, caller_left=True))
            case "ChannelDestroyed":
                self.path.channel_gone.set()

    def vanished(self, *, restarted: bool) -> None:
        """Asterisk does not have the telephone's channel (any more); `restarted`: because it is another process now."""
        self._caller_gone.set()
        self._caller_destroyed.set()
        reason = EndedReason.TELEPHONY_ERROR if restarted else self.control.reason_if_caller_leaves
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
        stream = await self._connect()
        ending = stream if isinstance(stream, Ending) else await self._converse(stream)
        if not self.control.handed_over:
            return ending
        self._house.agent_left(self.call.id)
        await self.path.close()
        await self.control.talk_over()
        return Ending(EndedReason.TRANSFERRED)

    async def _converse(self, stream: MediaStream) -> Ending:
        async with watched_line(self._house.ari, self.channel_id, stream.frames, away=lambda: self.control.away):
            return await self._talk(stream)

    async def _connect(self) -> MediaStream | Ending:
        """Return when both sides hear each other and the call is in progress, or how it ends without that."""
        raise NotImplementedError

    async def _talk(self, stream: MediaStream) -> Ending:
        """Have the conversation."""
        reason = EndedReason(await self._house.handle_call(self.call, stream, self.inputs))
        return Ending(reason, let_ring_out=True)

    async def _release(self, ending: Ending) -> None:
        """Let go of the telephone."""
        raise NotImplementedError

    def _answered(self) -> None:
        self._become(transition(self.call, CallStatus.IN_PROGRESS, at=self._house.now()))

    def _key_pressed(self, digit: object) -> None:
        if isinstance(digit, str) and len(digit) == 1 and digit in "0123456789*#ABCD":
            self._house.tell(KeyPressed(call_id=self.call.id, at=self._house.now(), digit=digit))
            self.inputs.pressed(digit)

    def _work_ended(self, work: asyncio.Task[Ending]) -> None:
        if self._ending.done():
            return
        error = asyncio.CancelledError() if work.cancelled() else work.exception()
        sound_ended = self._sound_is_needed and self.path.stream is not None and self.path.stream.closed.done()
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

    @property
    def _sound_is_needed(self) -> bool:
        """The agent's, which has left a caller who was handed over."""
        return not self.control.handed_over

    def _report(self, error: BaseException, reason: EndedReason) -> None:
        if reason is EndedReason.INTERNAL_ERROR:
            log.error("telephony.call_failed", call_id=self.call.id, exc_info=error)
        else:
            code = getattr(error, "code", "")
            log.warning("telephony.call_trouble", call_id=self.call.id, code=code, problem=str(error))

    def _sound_ended(self, closed: asyncio.Future[MediaEnd]) -> None:
        if not self._ending.done() and self._sound_is_needed:
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
        if self.path.stream is not None and self._house.linked():
            await first_of(self.path.channel_gone.wait(), self._link_lost.wait(), timeout_s=ARBITRATION_S)
        return await self._look(otherwise)

    async def _look(self, otherwise: EndedReason) -> Ending:
        linked = self._house.linked
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
        self.end(Ending(self.control.reason_if_caller_leaves, caller_left=True))

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
        await asyncio.gather(self._release(ending), self.path.close(), self.control.close())

    def _become(self, call: Call) -> None:
        self.call = call
        self._house.changed(call)

    def _finish(self, ending: Ending) -> None:
        self.control.settle()
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
