"""What may be done with one answered call besides talking: hold it, hand the caller over, follow how that goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from agent.domain.call import EndedReason
from agent.domain.commands import HandOver, PutOnHold
from agent.domain.events import Event, TransferChanged
from agent.domain.transfer import (
    RequestedBy,
    Transfer,
    TransferDestination,
    TransferFailure,
    TransferKind,
    TransferStatus,
)
from agent.errors import PhoneAgentError, TelephonyError
from agent.ids import new_id
from agent.telephony.caller_line import CallerLine
from agent.telephony.connection_attempt import ConnectionAttempt, Switchgear
from agent.telephony.waiting import first_of

log = structlog.get_logger()

LONGEST_TALK_S = 4 * 3600.0
"""Of a caller with somebody else: whoever forgets to hang up is not connected for ever."""


class Whereabouts(StrEnum):
    """With whom the caller is, or is about to be."""

    AGENT = "agent"
    HOLD = "hold"
    TRANSFER = "transfer"
    """On the way to somebody else."""
    ELSEWHERE = "elsewhere"
    """With somebody else; the agent has left the call."""


class ControlError(TelephonyError):
    """Not possible now. Codes: `transfer_under_way`, `call_on_hold`, `call_not_on_hold`, `call_handed_over`."""

    code = "transfer_under_way"


@dataclass(frozen=True, slots=True)
class _Refusal:
    code: str
    said: str


_REFUSALS = {
    Whereabouts.HOLD: _Refusal("call_on_hold", "The caller is on hold; resume the call first."),
    Whereabouts.TRANSFER: _Refusal("transfer_under_way", "The caller is being transferred already."),
    Whereabouts.ELSEWHERE: _Refusal("call_handed_over", "The caller was transferred; the agent has left the call."),
}


class CallControl:
    """Belongs to one call and one event loop. One thing at a time."""

    def __init__(
        self,
        call_id: str,
        line: CallerLine,
        gear: Switchgear,
        *,
        tell: Callable[[Event], None],
        now: Callable[[], datetime],
        caller_left: asyncio.Event,
    ) -> None:
        """`tell` takes the events of transfers; `caller_left` is set when the caller's channel leaves."""
        self.where = Whereabouts.AGENT
        self._call_id = call_id
        self._line = line
        self._gear = gear
        self._tell = tell
        self._now = now
        self._caller_left = caller_left
        self._transfer: Transfer | None = None
        self._attempt: ConnectionAttempt | None = None
        self._kept: AsyncExitStack | None = None
        self._resumed = asyncio.Event()
        self._referred = False
        self._failure: tuple[TransferFailure, int | None] = TransferFailure.CANCELED, None

    # What the API and the model ask for.

    def transfer(
        self, destination: TransferDestination, *, by: RequestedBy, kind: TransferKind | None = None, briefing: str = ""
    ) -> HandOver:
        """Begin to hand the caller over; what the conversation is to be told. Raises ControlError.

        `kind`: another one than the destination's own. From here on its end is told, whatever happens.
        """
        self._must_be(Whereabouts.AGENT)
        kind = destination.kind if kind is None or destination.uri else kind
        price = self._gear.destinations.price_micros(destination)
        at = self._now()
        transfer = Transfer(new_id("trf"), destination.name, kind, destination.mode, by, at, price_micros=price)
        self.where = Whereabouts.TRANSFER
        self._change(transfer)
        return HandOver(transfer, destination, briefing)

    def hold(self, *, announced_by: str = "", limit_s: float | None = None) -> PutOnHold:
        """Let the caller wait; what the conversation is to be told. Raises ControlError."""
        self._must_be(Whereabouts.AGENT)
        self.where = Whereabouts.HOLD
        self._resumed.clear()
        return PutOnHold(announced_by, limit_s)

    def resume(self) -> None:
        """End what `hold` began. Raises ControlError."""
        if self.where is not Whereabouts.HOLD:
            raise ControlError("The caller is not on hold.", code="call_not_on_hold")
        self._resumed.set()

    # What the conversation does.

    @asynccontextmanager
    async def held(self) -> AsyncIterator[asyncio.Event]:
        """The caller hears music within the block, and is back after it; the event is set by `resume`.

        Raises TelephonyError.
        """
        self.where = Whereabouts.HOLD
        try:
            await self._line.leave(music=True)
            yield self._resumed
        finally:
            await self._back_with_agent()

    @asynccontextmanager
    async def attempt(self, order: HandOver) -> AsyncIterator[ConnectionAttempt]:
        """Hand the caller over within the block; they are back after it unless that was done. Raises TelephonyError."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._came_to_nothing)
            attempt = ConnectionAttempt(
                order.destination,
                self._line,
                self._gear,
                stack,
                referring=self._refers,
                caller_left=self._caller_left,
            )
            reason = TransferFailure.CANCELED
            try:
                yield attempt
                reason = attempt.failure or TransferFailure.INTERNAL_ERROR
            except PhoneAgentError:
                reason = TransferFailure.TELEPHONY_ERROR
                raise
            finally:
                if attempt.connected or (self._referred and self._caller_left.is_set()):
                    self.where = Whereabouts.ELSEWHERE
                    self._attempt, self._kept = attempt, stack.pop_all()
                    self._change(order.transfer.completed(self._now()))
                else:
                    self._failure = reason, attempt.sip_code

    # What the call's session does.

    @property
    def away(self) -> bool:
        """Whether the caller is not with the agent."""
        return self._line.away

    @property
    def handed_over(self) -> bool:
        """Whether the caller is with somebody else, and the agent has left."""
        return self.where is Whereabouts.ELSEWHERE

    @property
    def reason_if_caller_leaves(self) -> EndedReason:
        """Why the call ended, should the caller's channel leave now."""
        return EndedReason.TRANSFERRED if self.handed_over or self._referred else EndedReason.CALLER_HANGUP

    async def talk_over(self) -> None:
        """Return when the one to whom the caller was handed over has hung up."""
        if self._attempt is not None:
            await first_of(self._attempt.gone(), timeout_s=LONGEST_TALK_S)

    def settle(self) -> None:
        """The call is over: so is a transfer that was asked for and not done."""
        self._fail(TransferFailure.CANCELED)

    async def close(self) -> None:
        """The call is over: remove what a transfer left in Asterisk. Never raises."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.aclose()

    def _must_be(self, where: Whereabouts) -> None:
        if self.where is not where:
            refusal = _REFUSALS[self.where]
            raise ControlError(refusal.said, code=refusal.code)

    def _refers(self) -> None:
        self._referred = True

    async def _came_to_nothing(self) -> None:
        """Told when the caller is back: whoever hears of it may try again at once."""
        if self.handed_over:
            return
        await self._back_with_agent()
        self._fail(*self._failure)

    async def _back_with_agent(self) -> None:
        try:
            await self._line.come_back()
        except TelephonyError as error:  # the caller has gone, or Asterisk: the session finds out which
            log.debug("telephony.caller_not_back", call_id=self._call_id, code=error.code)
        self.where = Whereabouts.AGENT

    def _fail(self, reason: TransferFailure, sip_code: int | None = None) -> None:
        """The transfer that is under way, if there is one, came to nothing."""
        transfer, self._referred = self._transfer, False
        if self._caller_left.is_set():
            reason = TransferFailure.CALLER_HANGUP
        if transfer is not None and transfer.status is TransferStatus.STARTED:
            self._change(transfer.failed(reason, self._now(), sip_code=sip_code))

    def _change(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._tell(TransferChanged(self._call_id, self._now(), transfer=transfer))
