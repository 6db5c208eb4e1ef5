"""The signalling of one call once it is answered, the same for either side: BYE, and what the other side asks of us."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from agent.testing.softphone import sdp
from agent.testing.softphone.dialog import Dialog
from agent.testing.softphone.ending import CallEnd, EndKind, q850_cause
from agent.testing.softphone.sip import BRANCH_PREFIX, Headers, Request, Response, respond, uri_of
from agent.testing.softphone.wire import Address, SipWire

USER_AGENT = "phone-agent softphone"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS"


@dataclass(frozen=True, slots=True)
class LegUser:
    """Whose leg it is. Callbacks come from the loop, each at most once but `on_provisional` and `on_media`."""

    rtp_address: Address
    """Where sound is taken."""
    on_provisional: Callable[[int], None]
    on_media: Callable[[sdp.Media], None]
    on_answer: Callable[[], None]
    on_end: Callable[[CallEnd], None]
    on_refer: Callable[[str], bool] = lambda _target: False
    """Told whom we are asked to call in place of this call; whether we will."""


class Leg(ABC):
    """One call's signalling."""

    def __init__(self, wire: SipWire, *, peer: Address, dialog: Dialog, user: LegUser) -> None:
        self._wire = wire
        self._peer = peer
        self._dialog = dialog
        self._user = user
        self._session = secrets.randbelow(2**31)
        self._version = 1
        self._answered = self._bye_sent = self._over = False
        self._failure: CallEnd | None = None

    @property
    def call_id(self) -> str:
        """Call-ID header, which Asterisk logs too."""
        return self._dialog.call_id

    @abstractmethod
    def start(self) -> None:
        """The user is there."""

    def hang_up(self, failure: CallEnd | None = None) -> None:
        """End the call in the way that fits its state; `on_end` follows, with `failure` where that is given."""
        self._failure = self._failure or failure
        if self._over or self._bye_sent:
            return
        if self._answered:
            self._bye_sent = True
            self._send(self._dialog.request("BYE", via=self._via()), self._bye_answered, self._timed_out)
        else:
            self._give_up()

    def abandon(self) -> None:
        """Forget the call without a word to the other side."""
        self._finish(CallEnd(EndKind.NO_RESPONSE))

    def on_request(self, request: Request, source: Address) -> None:
        """The other side asks: BYE ends the call, a re-INVITE changes its media."""
        if request.method == "BYE":
            self._wire.answer(request, respond(request, 200, "OK"), source)
            reason = ", ".join(request.all("Reason"))
            self._finish(CallEnd(EndKind.REMOTE_HUNG_UP, reason=reason, cause=q850_cause(request)))
        elif request.method == "INVITE" and self._answered:
            self._reinvited(request, source)
        elif request.method == "OPTIONS":
            self._wire.answer(request, respond(request, 200, "OK", headers=(("Allow", ALLOW),)), source)
        elif request.method == "REFER" and self._user.on_refer(uri_of(request.get("Refer-To"))):
            self._wire.answer(request, respond(request, 202, "Accepted"), source)
            self._tell_of_referral()
        else:
            refusal = respond(request, 405, "Method Not Allowed", headers=(("Allow", ALLOW),))
            self._wire.answer(request, refusal, source)

    def _tell_of_referral(self) -> None:
        """As a telephone does that was connected where it was asked to call."""
        headers = (
            ("Event", "refer"),
            ("Subscription-State", "terminated;reason=noresource"),
            ("Contact", f"<{self._dialog.contact}>"),
            ("Content-Type", "message/sipfrag;version=2.0"),
        )
        notify = self._dialog.request("NOTIFY", via=self._via(), headers=headers, body=b"SIP/2.0 200 OK\r\n")
        self._send(notify, lambda _response: None, lambda: None)

    @abstractmethod
    def on_repeated_answer(self, response: Response) -> None:
        """See `Handler`."""

    @abstractmethod
    def _give_up(self) -> None:
        """End a call that is not answered yet."""

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
            self._user.on_media(media)
        self._dialog.retarget(request.get("Contact"))
        self._version += 1
        body = self._describe(event_payload, direction)
        self._wire.answer_invite(request, respond(request, 200, "OK", headers=self._media_headers(), body=body), source)

    def _describe(self, event_payload: int | None = sdp.EVENT_PAYLOAD, direction: str = "sendrecv") -> bytes:
        host, port = self._user.rtp_address
        return sdp.build(
            host=host,
            port=port,
            session=self._session,
            version=self._version,
            event_payload=event_payload,
            direction=direction,
        )

    def _media_headers(self) -> Headers:
        return (("Contact", f"<{self._dialog.contact}>"), ("Allow", ALLOW), ("Content-Type", "application/sdp"))

    def _bye_answered(self, response: Response) -> None:
        if response.status >= 200:
            self._finish(CallEnd(EndKind.HUNG_UP, code=response.status, reason=response.reason))

    def _timed_out(self) -> None:
        self._finish(CallEnd(EndKind.NO_RESPONSE))

    def _finish(self, end: CallEnd) -> None:
        if not self._over:
            self._over = True
            self._wire.detach(self.call_id)
            self._user.on_end(self._failure or end)

    def _send(self, request: Request, on_response: Callable[[Response], None], on_timeout: Callable[[], None]) -> None:
        self._wire.request(request, self._peer, on_response=on_response, on_timeout=on_timeout)

    def _via(self) -> str:
        return new_via(self._wire.address)


def new_via(address: Address) -> str:
    """A Via header for a new transaction."""
    host, port = address
    return f"SIP/2.0/UDP {host}:{port};branch={BRANCH_PREFIX}{secrets.token_hex(10)};rport"


def unusable(media: sdp.Media) -> bool:
    """No PCMU can be sent there."""
    return not media.pcmu or not media.port
