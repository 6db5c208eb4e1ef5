"""A call that comes in, before and after it is answered, as a script or a test uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent.errors import TelephonyError
from agent.testing.softphone.call import CallEndedError, PhoneCall
from agent.testing.softphone.condition import PERFECT, LineCondition
from agent.testing.softphone.ending import CallEnd
from agent.testing.softphone.incoming_leg import IncomingLeg
from agent.testing.softphone.rtp import Pcm
from agent.testing.softphone.sip import Headers, Request, uri_of, user_of
from agent.testing.softphone.wire import Address, SipWire


class IncomingCall:
    """A call that waits for what we do with it.

    Nothing is said to the caller by itself but "100 Trying": a call that is left alone never rings and never is
    answered. Every method raises CallEndedError where the caller has given up or we have refused.
    """

    def __init__(self, wire: SipWire, invite: Request, source: Address, *, recording: Path) -> None:
        self.invite = invite
        """As it came, with all headers."""
        self.number = user_of(invite.uri)
        """Who is called: written by the caller."""
        self.caller = user_of(uri_of(invite.get("From")))
        """Who calls, as they say."""
        self.recording = recording
        """Of the call's sound, once there is any."""
        self.ended: asyncio.Future[CallEnd] = asyncio.get_running_loop().create_future()
        """How the call ended, answered or not. Never raises."""
        self.call: PhoneCall | None = None
        """The call's sound and its control, from early media or the answer on."""
        self._wire = wire
        self._leg = IncomingLeg(wire, invite, source, on_end=self._on_end)
        self._leg.provisional(100)

    @property
    def waiting(self) -> bool:
        """It is neither answered nor over."""
        return self._leg.open

    def ring(self) -> None:
        """180."""
        self._check()
        self._leg.provisional(180)

    def progress(
        self, *, background: Pcm | None = None, condition: LineCondition = PERFECT, no_media_s: float | None = None
    ) -> PhoneCall:
        """183 with early media: what the returned call says is heard before the answer. Raises OSError: no free port.

        The arguments are those of `Softphone.call`; a later `answer` goes on with the same call.
        """
        self._check()
        call = self._call(background, condition, no_media_s)
        self._leg.provisional(183)
        return call

    def answer(
        self, *, background: Pcm | None = None, condition: LineCondition = PERFECT, no_media_s: float | None = None
    ) -> PhoneCall:
        """200: from now on it is a call like one that we have placed. Raises OSError: no free port."""
        self._check()
        call = self._call(background, condition, no_media_s)
        self._leg.answer()
        return call

    def reject(self, code: int = 486, *, headers: Headers = ()) -> None:
        """Refuse with a final SIP code of 300 and more; `ended` follows when the caller has taken note."""
        if not 300 <= code <= 699:
            raise ValueError(f"{code} is no refusal")
        self._check()
        self._leg.refuse(code, headers=headers)

    async def hang_up(self) -> CallEnd:
        """End it in whatever state it is: BYE, or 480 before the answer."""
        self._leg.hang_up()
        return await self.over()

    async def abandon(self) -> CallEnd:
        """Vanish without a word."""
        self._leg.abandon()
        return await self.over()

    async def over(self) -> CallEnd:
        """Wait until the call is over, its recording complete."""
        end = await asyncio.shield(self.ended)
        if self.call is not None:
            await asyncio.shield(self.call.ended)
        return end

    def _call(self, background: Pcm | None, condition: LineCondition, no_media_s: float | None) -> PhoneCall:
        if self.call is None:
            self.call = PhoneCall(
                self._leg.taken_by,
                host=self._wire.address[0],
                recording=self.recording,
                background=background,
                condition=condition,
                no_media_s=no_media_s,
            )
            self.call.start()
        return self.call

    def _check(self) -> None:
        if self.ended.done():
            raise CallEndedError(f"The call has ended: {self.ended.result()}.")
        if not self._leg.open:
            raise TelephonyError("The call has its final answer already.", code="call_answered")

    def _on_end(self, end: CallEnd) -> None:
        self.ended.set_result(end)
