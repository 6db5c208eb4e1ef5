"""The agent's turns in which the caller is taken elsewhere: to music, or to somebody else.

Nothing is done before the words that announce it were played to their end. Whatever is asked for meanwhile (the end of
the call, its time limit) cuts the turn: then the caller is brought back, and what was begun for them is undone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from agent.dialog.briefing_text import briefing_text
from agent.dialog.consultation import Consultation
from agent.dialog.guide import Mouthpiece
from agent.dialog.journal import Journal
from agent.dialog.parts import Parts
from agent.dialog.switching import Attempt, Switching
from agent.dialog.work import Work
from agent.domain.agent import Agent
from agent.domain.call import Call, EndedReason
from agent.domain.commands import HandOver, PutOnHold
from agent.domain.transfer import RequestedBy, TransferFailure, TransferKind, TransferMode
from agent.errors import PhoneAgentError, TextToSpeechError

log = structlog.get_logger()
GoOn = Callable[[Mouthpiece], Awaitable[EndedReason | None]]

_WHY = {
    TransferFailure.BUSY: "the line is busy",
    TransferFailure.NO_ANSWER: "nobody answered",
    TransferFailure.REJECTED: "the call was refused",
    TransferFailure.DECLINED: "they cannot take the call now",
    TransferFailure.NOT_ACCEPTED: "nobody took the call",
    TransferFailure.DESTINATION_HANGUP: "they hung up",
}
"""For the model; others mean that it does not work at present."""


class HandingOver:
    """Belongs to one call."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        call: Call,
        journal: Journal,
        switching: Switching,
        *,
        back_in_script: GoOn | None = None,
    ) -> None:
        """`back_in_script` goes on with a caller whom the script wanted to hand over, and whom nobody took."""
        self._back_in_script = back_in_script
        self._parts = parts
        self._agent = agent
        self._call = call
        self._journal = journal
        self._switching = switching

    async def transfer(self, work: Work, order: HandOver) -> EndedReason | None:
        """Announce it and hand the caller over; `transferred` where that was done, else they are back with us."""
        control, failure = self._agent.call_control, TransferFailure.TELEPHONY_ERROR
        work.protected = True
        try:
            async with self._switching.attempt(order) as attempt:
                await self._announce(work, order.announcement or order.destination.say or control.connecting)
                if await self._made(attempt, order):
                    return EndedReason.TRANSFERRED
                failure = attempt.failure or failure
        except PhoneAgentError as error:
            log.warning("conversation.transfer_failed", code=error.code, error=str(error))
            self._journal.trouble(error)
        why = _WHY.get(failure, "that does not work at present")
        self._journal.history.noted(
            f"The transfer to {order.destination.name} did not come about: {why}. The caller is with you again."
        )
        if self._back_in_script is not None and order.transfer.requested_by is RequestedBy.SCRIPT:
            work.protected = False
            return await self._back_in_script(work)
        return await self._go_on(work, control.not_connected)

    async def hold(self, work: Work, order: PutOnHold) -> EndedReason | None:
        """Let the caller wait, announced where the model wants it, until they are to be back."""
        work.protected = True
        try:
            if order.announced_by:
                await self._announce(work, order.announced_by)
            async with self._switching.held() as resumed:
                await _set_within(resumed, order.limit_s)
        except PhoneAgentError as error:
            log.warning("conversation.hold_failed", code=error.code, error=str(error))
            self._journal.trouble(error)
        return await self._go_on(work, self._agent.call_control.thanks_for_holding)

    async def _made(self, attempt: Attempt, order: HandOver) -> bool:
        if order.transfer.mode is TransferMode.REFER:
            return await attempt.refer()
        if order.transfer.kind is TransferKind.BLIND:
            return await attempt.reach() and await attempt.connect()
        async with self._briefing(order) as briefing:
            reached = await attempt.reach()
            return reached and await self._accepted(attempt, order, briefing) and await attempt.connect()

    @asynccontextmanager
    async def _briefing(self, order: HandOver) -> AsyncIterator[asyncio.Task[str]]:
        """It is written while the other telephone rings."""
        messages = self._journal.history.messages()
        writing = asyncio.create_task(
            briefing_text(order, self._agent, self._call, messages, self._parts.mind), name="briefing"
        )
        try:
            yield writing
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _accepted(self, attempt: Attempt, order: HandOver, briefing: asyncio.Task[str]) -> bool:
        """Whether who answered takes the call; one who hangs up does not."""
        consulting = asyncio.create_task(self._consult(attempt, order, briefing), name="consult")
        gone = asyncio.create_task(attempt.gone(), name="consulted-gone")
        try:
            await asyncio.wait({consulting, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                return attempt.give_up(TransferFailure.DESTINATION_HANGUP)
            return consulting.result()
        finally:
            consulting.cancel()
            gone.cancel()
            await asyncio.gather(consulting, gone, return_exceptions=True)

    async def _consult(self, attempt: Attempt, order: HandOver, briefing: asyncio.Task[str]) -> bool:
        control = self._agent.call_control
        stream = await attempt.open_briefing()
        async with Consultation(self._parts, self._agent, stream, attempt.keys) as person:
            takes = await person.takes_the_call(await briefing, patience_s=order.destination.accept_timeout_s)
            await person.say(control.accepted if takes else control.declined)
        if takes:
            return True
        return attempt.give_up(TransferFailure.NOT_ACCEPTED if takes is None else TransferFailure.DECLINED)

    async def _announce(self, work: Work, text: str) -> None:
        """Say it to its end; without a mouth the caller is helped all the same."""
        try:
            await work.say(text)
        except TextToSpeechError as error:
            self._journal.trouble(error)

    async def _go_on(self, work: Work, text: str) -> EndedReason | None:
        work.protected = False
        return await work.say_phrase(text)


async def _set_within(event: asyncio.Event, limit_s: float | None) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        return
