"""The signalling of one call that we place: INVITE, digest, ACK, CANCEL, BYE, and what the other side asks of us."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from agent.testing.softphone import sdp
from agent.testing.softphone.dialog import Dialog
from agent.testing.softphone.digest import authorization, choose
from agent.testing.softphone.ending import CallEnd, EndKind, q850_cause
from agent.testing.softphone.sip import BRANCH_PREFIX, Headers, Request, Response, respond
from agent.testing.softphone.transactions import cancel
from agent.testing.softphone.wire import Address, SipWire

USER_AGENT = "phone-agent softphone"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS"
_AUTHENTICATION = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls."""

    user: str
    """User of From and of the digest."""
    password: str = ""
    """Empty: a challenge cannot be answered, so the call is rejected."""


class Leg:
    """One outgoing call's signalling. Callbacks come from the loop, each at most once but `on_media`."""

    def __init__(
        self,
        wire: SipWire,
        *,
        peer: Address,
        number: str,
        account: Account,
        rtp_address: Address,
        on_provisional: Callable[[int], None],
        on_media: Callable[[sdp.Media], None],
        on_answer: Callable[[], None],
        on_end: Callable[[CallEnd], None],
    ) -> None:
        host, port = wire.address
        self._wire = wire
        self._peer = peer
        self._account = account
        self._rtp = rtp_address
        self._on_provisional = on_provisional
        self._on_media = on_media
        self._on_answer = on_answer
        self._on_end = on_end
        self._dialog = Dialog(
            call_id=f"{secrets.token_hex(12)}@{host}",
            local=f"<sip:{account.user}@{host}>;tag={secrets.token_hex(6)}",
            remote=f"<sip:{number}@{peer[0]}:{peer[1]}>",
            target=f"sip:{number}@{peer[0]}:{peer[1]}",
            contact=f"sip:{account.user}@{host}:{port}",
        )
        self._session = secrets.randbelow(2**31)
        self._version = 1
        self._invite = self._new_invite()
        self._ack: bytes | None = None
        self._authenticated = False
        self._ringing = self._cancel_wanted = self._answered = self._bye_sent = self._over = False
        self._failure: CallEnd | None = None

    @property
    def call_id(self) -> str:
        """Call-ID header, which Asterisk logs too."""
        return self._dialog.call_id

    def start(self) -> None:
        """Send the INVITE."""
        self._wire.attach(self.call_id, self)
        self._send(self._invite, self._invite_answered, self._timed_out)

    def hang_up(self, failure: CallEnd | None = None) -> None:
        """End the call in the way that fits its state; `on_end` follows, with `failure` where that is given."""
        self._failure = self._failure or failure
        if self._over or self._bye_sent:
            return
        if self._answered:
            self._bye_sent = True
            self._send(self._dialog.request("BYE", via=self._via()), self._bye_answered, self._timed_out)
        elif not self._cancel_wanted:
            self._cancel_wanted = True
            if self._ringing:  # before the first provisional answer a CANCEL may not be sent (RFC 3261 9.1)
                self._send_cancel()

    def abandon(self) -> None:
        """Forget the call without a word to the other side."""
        self._finish(self._failure or CallEnd(EndKind.NO_RESPONSE))

    def _new_invite(self, headers: Headers = ()) -> Request:
        offer = sdp.build(host=self._rtp[0], port=self._rtp[1], session=self._session, version=self._version)
        common = (("User-Agent", USER_AGENT), ("Allow", ALLOW), ("Content-Type", "application/sdp"))
        return self._dialog.request("INVITE", via=self._via(), headers=(*common, *headers), body=offer)

    def _invite_answered(self, response: Response) -> None:
        if response.status < 200:
            self._proceed(response)
        elif response.status < 300:
            self._establish(response)
        elif not self._cancel_wanted and (headers := self._credentials(response)):
            self._invite = self._new_invite(headers)
            self._send(self._invite, self._invite_answered, self._timed_out)
        else:
            kind = EndKind.CANCELED if self._cancel_wanted else EndKind.REJECTED
            end = CallEnd(kind, code=response.status, reason=response.reason, cause=q850_cause(response))
            self._finish(self._failure or end)

    def _proceed(self, response: Response) -> None:
        first, self._ringing = not self._ringing, True
        if self._cancel_wanted and first:
            self._send_cancel()
        self._on_provisional(response.status)
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
            self._on_answer()

    def _take_media(self, body: bytes) -> bool:
        try:
            media = sdp.parse(body)
        except sdp.SdpError as error:
            self.hang_up(CallEnd(EndKind.BAD_MEDIA, reason=str(error)))
            return False
        if not media.pcmu or not media.port:
            self.hang_up(CallEnd(EndKind.BAD_MEDIA, reason="PCMU was not agreed"))
            return False
        self._on_media(media)
        return True

    def _credentials(self, response: Response) -> Headers:
        """The header that answers a challenge; empty where there is none, or our first answer was refused."""
        asked, answered = _AUTHENTICATION.get(response.status, ("", ""))
        challenge = choose(response.all(asked)) if asked and self._account.password else None
        if challenge is None or (self._authenticated and challenge.get("stale", "").lower() != "true"):
            return ()
        self._authenticated = True
        value = authorization(
            challenge,
            method="INVITE",
            uri=self._dialog.target,
            username=self._account.user,
            password=self._account.password,
            cnonce=secrets.token_hex(8),
        )
        return ((answered, value),)

    def _send_cancel(self) -> None:
        self._wire.expire(self._invite)
        self._send(cancel(self._invite), lambda _response: None, self._timed_out)

    def _bye_answered(self, response: Response) -> None:
        if response.status >= 200:
            self._finish(self._failure or CallEnd(EndKind.HUNG_UP, code=response.status, reason=response.reason))

    def _timed_out(self) -> None:
        self._finish(self._failure or CallEnd(EndKind.NO_RESPONSE))

    def on_request(self, request: Request, source: Address) -> None:
        """The other side asks: BYE ends the call, a re-INVITE changes its media."""
        if request.method == "BYE":
            self._wire.answer(request, respond(request, 200, "OK"), source)
            end = CallEnd(EndKind.REMOTE_HUNG_UP, reason=", ".join(request.all("Reason")), cause=q850_cause(request))
            self._finish(self._failure or end)
        elif request.method == "INVITE" and self._answered:
            self._reinvited(request, source)
        elif request.method == "OPTIONS":
            self._wire.answer(request, respond(request, 200, "OK", headers=(("Allow", ALLOW),)), source)
        else:
            refusal = respond(request, 405, "Method Not Allowed", headers=(("Allow", ALLOW),))
            self._wire.answer(request, refusal, source)

    def _reinvited(self, request: Request, source: Address) -> None:
        event_payload: int | None = sdp.EVENT_PAYLOAD
        direction = "sendrecv"
        if request.body:
            try:
                media = sdp.parse(request.body)
            except sdp.SdpError:
                self._wire.answer(request, respond(request, 488, "Not Acceptable Here"), source)
                return
            event_payload = media.event_payload
            direction = {"sendonly": "recvonly", "recvonly": "sendonly"}.get(media.direction, media.direction)
            self._on_media(media)
        self._dialog.retarget(request.get("Contact"))
        self._version += 1
        answer = sdp.build(
            host=self._rtp[0],
            port=self._rtp[1],
            session=self._session,
            version=self._version,
            event_payload=event_payload,
            direction=direction,
        )
        headers = (("Contact", f"<{self._dialog.contact}>"), ("Allow", ALLOW), ("Content-Type", "application/sdp"))
        self._wire.answer_invite(request, respond(request, 200, "OK", headers=headers, body=answer), source)

    def on_repeated_answer(self, _response: Response) -> None:
        """Our ACK was lost: send it again (RFC 3261 13.2.2.4)."""
        if self._ack is not None:
            self._wire.send(self._ack, self._peer)

    def _finish(self, end: CallEnd) -> None:
        if not self._over:
            self._over = True
            self._wire.detach(self.call_id)
            self._on_end(end)

    def _send(self, request: Request, on_response: Callable[[Response], None], on_timeout: Callable[[], None]) -> None:
        self._wire.request(request, self._peer, on_response=on_response, on_timeout=on_timeout)

    def _via(self) -> str:
        host, port = self._wire.address
        return f"SIP/2.0/UDP {host}:{port};branch={BRANCH_PREFIX}{secrets.token_hex(10)};rport"
