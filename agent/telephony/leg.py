"""One channel that we originate: dialled, answered or not, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from agent.domain.dialing import Dial, DialOutcome, DialResult
from agent.errors import TelephonyError
from agent.telephony.ari import AriClient, GoneError
from agent.telephony.ari_events import AriEvent
from agent.telephony.channel_events import asterisk_stops, number
from agent.telephony.dialing import dial_string, dial_variables, outcome_of
from agent.telephony.ending import NORMAL_CLEARING
from agent.telephony.waiting import first_of

log = structlog.get_logger()

FIRST_RESPONSE_S = 6.0
"""A trunk that has sent nothing at all after so long, not even 100 Trying, is dead: by then the INVITE was sent four
times (at 0, 0.5, 1.5 and 3.5 s)."""
NET_S = 5.0
"""Beyond the ring timeout: then Asterisk hangs up by itself, should we have died."""
LOOK_EVERY_S = 1.0
"""While Asterisk's events do not reach us."""
LOOKS = 3
"""So many in a row in vain, and the leg is lost."""
FAREWELL_EVENT_S = 2.0
"""Longest wait for the ChannelDestroyed that names the hang-up cause."""


class Leg:
    """Made by `Legs`, which tells it what happens. Belongs to one event loop."""

    def __init__(
        self,
        ari: AriClient,
        dial: Dial,
        channel_id: str,
        *,
        linked: Callable[[], bool],
        on_event: Callable[[AriEvent], None] | None = None,
        first_response_s: float = FIRST_RESPONSE_S,
    ) -> None:
        """`on_event` is told every event of the channel, after the leg has taken note of it."""
        self.channel_id = channel_id
        self.created = False
        """Asterisk has the channel, or had it."""
        self.rang = asyncio.Event()
        """The other side says that it rings, or sends sound before the answer. Neither is an answer."""
        self.gone = asyncio.Event()
        """The channel is no more, whether it was answered or not."""
        self.hangup_cause: int | None = None
        """Q.850, once it is gone."""
        self.sip_code: int | None = None
        """Of the final answer, where the leg failed; as Asterisk told it."""
        self.restarted = False
        """It is gone because Asterisk is."""
        self._ari = ari
        self._dial = dial
        self._linked = linked
        self._on_event = on_event
        self._first_response_s = first_response_s
        self._asked_for_channel = False
        self._outcome: asyncio.Future[DialOutcome | TelephonyError] = asyncio.get_running_loop().create_future()
        self._link_lost = asyncio.Event()

    @property
    def answered(self) -> bool:
        """Whether the other side has answered, though it may have gone since."""
        return self._said(DialResult.ANSWERED)

    async def call(self) -> DialOutcome:
        """Dial, and return what comes of it: `start` and `outcome` in one."""
        return await self.start() or await self.outcome()

    async def start(self) -> DialOutcome | None:
        """Send the INVITE; what came of it where it could not be sent, else None.

        Raises TelephonyError where Asterisk fails, ValueError for what may not be dialled.
        """
        endpoint, variables = dial_string(self._dial), dial_variables(self._dial)
        if not self._outcome.done():
            self._asked_for_channel = True
            try:
                await self._ari.create_channel(self.channel_id, endpoint, variables)
                self.created = True
            except TelephonyError as error:
                if error.code != "ari_refused":
                    raise
                self._asked_for_channel = False  # Asterisk has no such endpoint, or nobody has registered there
                self._decide(DialOutcome(DialResult.TRUNK_FAILED))
        if not self._outcome.done():
            await self._send_invite()
        return self._read() if self._outcome.done() else None

    async def _send_invite(self) -> None:
        try:
            await self._ari.dial(self.channel_id, timeout_s=self._dial.ring_timeout_s + NET_S)
        except TelephonyError as error:
            if error.code != "ari_refused":
                raise
            self._decide(DialOutcome(DialResult.TRUNK_FAILED))
            await self.hang_up()

    async def outcome(self) -> DialOutcome:
        """Return once it is answered, or what came of it instead; then it is hung up.

        Raises TelephonyError where Asterisk has lost it.
        """
        watch = asyncio.create_task(self._watch_unlinked(), name=f"{self.channel_id}-watch")
        try:
            await self._until_decided()
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        self._decide(DialOutcome(DialResult.NO_ANSWER))
        if not self.answered:
            await self.hang_up()
        return self._read()

    async def _until_decided(self) -> None:
        """Return when it is decided, or has rung for its time."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._dial.ring_timeout_s
        first_s = min(self._first_response_s, self._dial.ring_timeout_s)
        await first_of(asyncio.wait({self._outcome}), self.rang.wait(), timeout_s=first_s)
        if not self._outcome.done() and not self.rang.is_set() and await self._trunk_is_dead():
            self._decide(DialOutcome(DialResult.TRUNK_FAILED))
        await asyncio.wait({self._outcome}, timeout=max(0.0, until - clock()))
        if not self._outcome.done() and not self._linked():
            with contextlib.suppress(TelephonyError):
                await self._look()

    def cancel(self) -> None:
        """Give it up where it is not answered yet."""
        self._decide(DialOutcome(DialResult.CANCELED))

    async def hang_up(self, *, cause: int = NORMAL_CLEARING) -> None:
        """Hang up, with a Q.850 cause, and return when it is gone. Never raises.

        What Asterisk does not let us hang up now is found when the switchboard reconciles.
        """
        self._decide(DialOutcome(DialResult.CANCELED))
        if not self._asked_for_channel or self.gone.is_set():
            return
        try:
            await self._ari.hang_up(self.channel_id, cause=cause)
        except GoneError:
            pass
        except TelephonyError as error:
            log.debug("telephony.hang_up_failed", channel=self.channel_id, code=error.code)
            return
        if self._linked():
            await first_of(self.gone.wait(), self._link_lost.wait(), timeout_s=FAREWELL_EVENT_S)

    # What happens to it, told by Legs.

    def event(self, event: AriEvent) -> None:
        """Something happened to the channel."""
        match event["type"]:
            case "Dial" if event.get("dialstatus") in {"RINGING", "PROGRESS"}:
                self.rang.set()
            case "Dial" if event.get("dialstatus") == "ANSWER":
                self._decide(DialOutcome(DialResult.ANSWERED))
            case "ChannelStateChange":
                self._in_state((event.get("channel") or {}).get("state"))
            case "ChannelHangupRequest" if asterisk_stops(event):
                self._lost(restarted=True)
            case "ChannelDestroyed":
                self.hangup_cause, self.sip_code = number(event.get("cause")), number(event.get("tech_cause"))
                self._decide(outcome_of(self.sip_code, self.hangup_cause))
                self.gone.set()
        if self._on_event is not None:
            self._on_event(event)

    def vanished(self, *, restarted: bool) -> None:
        """Asterisk does not have the channel (any more); `restarted`: because it is another process now."""
        self._lost(restarted=restarted)
        self.gone.set()

    def link_lost(self) -> None:
        """Asterisk's events do not reach us."""
        self._link_lost.set()

    async def link_back(self) -> None:
        """They do again: see what was missed. Never raises."""
        self._link_lost.clear()
        if not self._asked_for_channel or self.gone.is_set():
            return
        try:
            await self._ari.subscribe(self.channel_id)
            await self._look()
        except TelephonyError as error:
            log.debug("telephony.follow_failed", channel=self.channel_id, code=error.code)

    def _decide(self, outcome: DialOutcome | TelephonyError) -> None:
        if not self._outcome.done():
            self._outcome.set_result(outcome)

    def _said(self, result: DialResult) -> bool:
        outcome = self._outcome.result() if self._outcome.done() else None
        return isinstance(outcome, DialOutcome) and outcome.result is result

    def _read(self) -> DialOutcome:
        outcome = self._outcome.result()
        if isinstance(outcome, TelephonyError):
            raise outcome
        return outcome

    def _lost(self, *, restarted: bool) -> None:
        self.restarted = self.restarted or restarted
        self._decide(TelephonyError("Asterisk has lost a call before it was answered.", code="leg_lost"))

    def _in_state(self, state: object) -> None:
        if state == "Ringing":
            self.rang.set()
        elif state == "Up":
            self._decide(DialOutcome(DialResult.ANSWERED))

    async def _trunk_is_dead(self) -> bool:
        """Whether the trunk has sent nothing at all; False where that cannot be known."""
        try:
            heard = await self._ari.variable(self.channel_id, "HANGUPCAUSE_KEYS()")
            await self._ari.channel(self.channel_id)  # one that has gone has said why
        except TelephonyError:
            return False
        return not heard

    async def _watch_unlinked(self) -> None:
        """Ask for the state while events are lost, until it is clear that nobody can answer."""
        failures = 0
        while failures < LOOKS:
            await self._link_lost.wait()
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look()
                failures = 0
            except TelephonyError:
                failures += 1
        self._lost(restarted=False)

    async def _look(self) -> None:
        try:
            self._in_state((await self._ari.channel(self.channel_id)).state)
        except GoneError:
            if not self._linked():  # else the event that says why is on its way, or reconciling finds it
                self.vanished(restarted=False)
