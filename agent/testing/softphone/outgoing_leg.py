"""The signalling of one call that we place: INVITE, digest, ACK, CANCEL, and what every leg does."""

from __future__ import annotations

import secrets

from agent.testing.softphone import sdp
from agent.testing.softphone.account import Account, Login
from agent.testing.softphone.dialog import Dialog
from agent.testing.softphone.ending import CallEnd, EndKind, q850_cause
from agent.testing.softphone.leg import ALLOW, USER_AGENT, Leg, LegUser, unusable
from agent.testing.softphone.sip import Headers, Request, Response
from agent.testing.softphone.transactions import cancel
from agent.testing.softphone.wire import Address, SipWire


class OutgoingLeg(Leg):
    """One outgoing call's signalling."""

    def __init__(self, wire: SipWire, *, peer: Address, number: str, account: Account, user: LegUser) -> None:
        host, port = wire.address
        dialog = Dialog(
            call_id=f"{secrets.token_hex(12)}@{host}",
            local=f"<sip:{account.user}@{host}>;tag={secrets.token_hex(6)}",
            remote=f"<sip:{number}@{peer[0]}:{peer[1]}>",
            target=f"sip:{number}@{peer[0]}:{peer[1]}",
            contact=f"sip:{account.user}@{host}:{port}",
        )
        super().__init__(wire, peer=peer, dialog=dialog, user=user)
        self._login = Login(account)
        self._invite = self._new_invite()
        self._ack: bytes | None = None
        self._ringing = self._cancel_wanted = False

    def start(self) -> None:
        """Send the INVITE."""
        self._wire.attach(self.call_id, self)
        self._send(self._invite, self._invite_answered, self._timed_out)

    def on_repeated_answer(self, _response: Response) -> None:
        """Our ACK was lost: send it again (RFC 3261 13.2.2.4)."""
        if self._ack is not None:
            self._wire.send(self._ack, self._peer)

    def _give_up(self) -> None:
        if not self._cancel_wanted:
            self._cancel_wanted = True
            if self._ringing:  # before the first provisional answer a CANCEL may not be sent (RFC 3261 9.1)
                self._send_cancel()

    def _new_invite(self, headers: Headers = ()) -> Request:
        common = (("User-Agent", USER_AGENT), ("Allow", ALLOW), ("Content-Type", "application/sdp"))
        return self._dialog.request("INVITE", via=self._via(), headers=(*common, *headers), body=self._describe())

    def _invite_answered(self, response: Response) -> None:
        if response.status < 200:
            self._proceed(response)
        elif response.status < 300:
            self._establish(response)
        elif not self._cancel_wanted and (
            headers := self._login.answer(response, method="INVITE", uri=self._dialog.target)
        ):
            self._invite = self._new_invite(headers)
            self._send(self._invite, self._invite_answered, self._timed_out)
        else:
            kind = EndKind.CANCELED if self._cancel_wanted else EndKind.REJECTED
            self._finish(CallEnd(kind, code=response.status, reason=response.reason, cause=q850_cause(response)))

    def _proceed(self, response: Response) -> None:
        first, self._ringing = not self._ringing, True
        if self._cancel_wanted and first:
            self._send_cancel()
        self._user.on_provisional(response.status)
        if response.body and not self._cancel_wanted:
            self._take_media(response.body)

    def _establish(self, response: Response) -> None:
        self._dialog.establish(response)
        self._answered = True
        number, _ = self._invite.cseq
        self._ack = self._dialog.request("ACK", via=self._via(), sequence=number).encode()
        self._wire.send(self._ack, self._peer)
        if self._cancel_wanted:  # the answer and our CANCEL crossed
            self.hang_up(self._failure or CallEnd(EndKind.CANCELED, code=response.status, reason=response.reason))
        elif self._take_media(response.body):
            self._user.on_answer()

    def _take_media(self, body: bytes) -> bool:
        try:
            media = sdp.parse(body)
        except sdp.SdpError as error:
            self.hang_up(CallEnd(EndKind.BAD_MEDIA, reason=str(error)))
            return False
        if unusable(media):
            self.hang_up(CallEnd(EndKind.BAD_MEDIA, reason="PCMU was not agreed"))
            return False
        self._user.on_media(media)
        return True

    def _send_cancel(self) -> None:
        self._wire.expire(self._invite)
        self._send(cancel(self._invite), lambda _response: None, self._timed_out)
