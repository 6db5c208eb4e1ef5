"""The provider's side of a SIP line: takes registrations, and lets nobody call who cannot prove who they are."""

from __future__ import annotations

import asyncio
import secrets

from agent.testing.softphone.account import Account
from agent.testing.softphone.digest import challenge, proves
from agent.testing.softphone.sip import REASONS, Headers, Request, respond
from agent.testing.softphone.wire import Address, SipWire

REALM = "provider"


class Provider:
    """A gate for a `Softphone`; without an account everybody is let in."""

    def __init__(self, account: Account | None = None) -> None:
        self.account = account
        self.refuses_registration: int | None = None
        """SIP code for every REGISTER; None: those with the right password are taken."""
        self.contact = ""
        """Where the registered side wants to be called; empty while it is not registered."""
        self.registered = asyncio.Event()
        """Set while `contact` is known."""
        self.proofs: list[str] = []
        """Methods of the requests that proved who sent them."""
        self._nonce = secrets.token_hex(8)

    def __call__(self, wire: SipWire, request: Request, source: Address) -> bool:
        """See `softphone.phone.Gate`."""
        if request.method == "REGISTER":
            self._register(wire, request, source)
            return True
        if request.method != "INVITE" or self._proven(request, "Proxy-Authorization"):
            return False
        self._answer(wire, request, source, 407, (("Proxy-Authenticate", challenge(REALM, self._nonce)),))
        return True

    def _register(self, wire: SipWire, request: Request, source: Address) -> None:
        if self.refuses_registration is not None:
            self._answer(wire, request, source, self.refuses_registration)
        elif not self._proven(request, "Authorization"):
            self._answer(wire, request, source, 401, (("WWW-Authenticate", challenge(REALM, self._nonce)),))
        else:
            contact, expires = request.get("Contact"), request.get("Expires") or "3600"
            self.contact = contact if expires != "0" else ""
            if self.contact:
                self.registered.set()
            else:
                self.registered.clear()
            self._answer(wire, request, source, 200, (("Contact", contact), ("Expires", expires)))

    def _proven(self, request: Request, header: str) -> bool:
        if self.account is None:
            return True
        proven = proves(
            request.get(header),
            method=request.method,
            nonce=self._nonce,
            username=self.account.user,
            password=self.account.password,
        )
        if proven:
            self.proofs.append(request.method)
        return proven

    def _answer(self, wire: SipWire, request: Request, source: Address, code: int, headers: Headers = ()) -> None:
        wire.answer(request, respond(request, code, REASONS[code], to_tag="provider", headers=headers), source)
