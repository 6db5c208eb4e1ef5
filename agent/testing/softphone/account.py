"""Who a telephone is to a SIP server, and how it proves that."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from agent.testing.softphone.digest import authorization, choose
from agent.testing.softphone.sip import Headers, Response

_AUTHENTICATION = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls."""

    user: str
    """User of From and of the digest."""
    password: str = ""
    """Empty: a challenge cannot be answered, so the call is rejected."""


class Login:
    """Answers the challenges to one request of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._tried = False

    def answer(self, response: Response, *, method: str, uri: str) -> Headers:
        """The header that answers a challenge; empty where there is none, or our first answer was refused."""
        asked, answered = _AUTHENTICATION.get(response.status, ("", ""))
        challenge = choose(response.all(asked)) if asked and self._account.password else None
        if challenge is None or (self._tried and challenge.get("stale", "").lower() != "true"):
            return ()
        self._tried = True
        value = authorization(
            challenge,
            method=method,
            uri=uri,
            username=self._account.user,
            password=self._account.password,
            cnonce=secrets.token_hex(8),
        )
        return ((answered, value),)
