"""The signalling of one call that comes in: ringing, early media, answer or refusal, their CANCEL."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from agent.testing.softphone import sdp
from agent.testing.softphone.dialog import Dialog
from agent.testing.softphone.ending import CallEnd, EndKind
from agent.testing.softphone.leg import Leg, LegUser
from agent.testing.softphone.sip import REASONS, Headers, Request, Response, respond, uri_of, user_of
from agent.testing.softphone.wire import Address, SipWire


class IncomingLeg(Leg):
    """One incoming call's signalling. Raises SdpError where the INVITE offers no sound that we can take."""

    def __init__(self, wire: SipWire, invite: Request, source: Address, *, on_end: Callable[[CallEnd], None]) -> None:
        self._offer = sdp.parse(invite.body)
        if not self._offer.pcmu:
            raise sdp.SdpError("PCMU is not offered")
        self._invite = invite
        self._source = source
        self._tag = secrets.token_hex(6)
        self._final = False
        host, port = wire.address
        dialog = Dialog(
            call_id=invite.get("Call-ID"),
            local=f"{invite.get('To')};tag={self._tag}",
            remote=invite.get("From"),
            target=uri_of(invite.get("Contact")),
            contact=f"sip:{user_of(invite.uri)}@{host}:{port}",
            routes=tuple(invite.all("Record-Route")),
        )
        nobody = LegUser(("", 0), lambda _code: None, lambda _media: None, lambda: None, lambda _end: None)
        super().__init__(wire, peer=source, dialog=dialog, user=nobody)
        self._told = on_end
        wire.attach(self.call_id, self)

    @property
    def open(self) -> bool:
        """It has no final answer yet."""
        return not self._final

    def taken_by(self, user: LegUser) -> IncomingLeg:
        """The same leg, which from now on has somebody who speaks and listens."""
        self._user = user
        return self

    def start(self) -> None:
        """Sound can flow."""
        self._user.on_media(self._offer)

    def provisional(self, code: int) -> None:
        """A provisional answer; 183 says where we take sound."""
        if code == 183:
            self._respond(code, self._media_headers(), self._describe(self._offer.event_payload))
        else:
            self._respond(code, (("Contact", f"<{self._dialog.contact}>"),))

    def answer(self) -> None:
        """200; it is repeated until they acknowledge it."""
        self._final = self._answered = True
        answer = self._response(200, self._media_headers(), self._describe(self._offer.event_payload))
        self._wire.answer_invite(self._invite, answer, self._source, on_done=self._answer_acknowledged)
        self._user.on_answer()

    def refuse(self, code: int, *, headers: Headers = (), end: CallEnd | None = None) -> None:
        """A final answer of 300 and more; `on_end` follows when they have acknowledged it."""
        self._final = True
        refusal = self._response(code, headers)
        end = end or CallEnd(EndKind.REFUSED, code=code, reason=refusal.reason)
        self._wire.answer_invite(self._invite, refusal, self._source, on_done=lambda _acknowledged: self._finish(end))

    def on_request(self, request: Request, source: Address) -> None:
        """Their CANCEL, or what every leg gets."""
        if request.method != "CANCEL":
            super().on_request(request, source)
            return
        self._wire.answer(request, respond(request, 200, "OK", to_tag=self._tag), source)
        if not self._final:
            end = CallEnd(EndKind.REMOTE_CANCELED, code=487, reason=", ".join(request.all("Reason")))
            self.refuse(487, end=end)

    def on_repeated_answer(self, _response: Response) -> None:
        """We sent no INVITE."""

    def _give_up(self) -> None:
        if not self._final:
            self.refuse(480)

    def _finish(self, end: CallEnd) -> None:
        first, self._final = not self._over, True
        super()._finish(end)
        if first:
            self._told(self._failure or end)

    def _answer_acknowledged(self, acknowledged: bool) -> None:
        if not acknowledged:  # RFC 3261 13.3.1.4
            self.hang_up(CallEnd(EndKind.NO_RESPONSE))

    def _respond(self, code: int, headers: Headers, body: bytes = b"") -> None:
        self._wire.answer(self._invite, self._response(code, headers, body), self._source)

    def _response(self, code: int, headers: Headers = (), body: bytes = b"") -> Response:
        return respond(self._invite, code, REASONS.get(code, "Refused"), to_tag=self._tag, headers=headers, body=body)
