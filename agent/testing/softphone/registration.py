"""A telephone's registration at a SIP server (RFC 3261 10): where calls for its account are to be sent."""

from __future__ import annotations

import asyncio
import secrets

from agent.errors import TelephonyError
from agent.testing.softphone.account import Account, Login
from agent.testing.softphone.dialog import Dialog
from agent.testing.softphone.leg import USER_AGENT, new_via
from agent.testing.softphone.sip import Headers, Response
from agent.testing.softphone.wire import Address, SipWire

EXPIRES_S = 3600  # longer than any script; nothing refreshes it


class Registration:
    """One account at one server. Raises TelephonyError with `registration_refused` or `registration_timeout`."""

    def __init__(self, wire: SipWire, *, server: Address, account: Account) -> None:
        host, port = wire.address
        self._wire = wire
        self._server = server
        self._account = account
        self._dialog = Dialog(
            call_id=f"{secrets.token_hex(12)}@{host}",
            local=f"<sip:{account.user}@{server[0]}>;tag={secrets.token_hex(6)}",
            remote=f"<sip:{account.user}@{server[0]}>",
            target=f"sip:{server[0]}:{server[1]}",
            contact=f"sip:{account.user}@{host}:{port}",
        )

    async def register(self) -> None:
        """Calls for the account come to this telephone from now on."""
        await self._ask(EXPIRES_S)

    async def unregister(self) -> None:
        """No more calls."""
        await self._ask(0)

    async def _ask(self, expires_s: int) -> None:
        login = Login(self._account)
        expires = (("Expires", str(expires_s)), ("User-Agent", USER_AGENT))
        response = await self._send(expires)
        while headers := login.answer(response, method="REGISTER", uri=self._dialog.target):
            response = await self._send((*expires, *headers))
        if response.status >= 300:
            raise TelephonyError(
                f"The server refuses to register {self._account.user}: {response.status} {response.reason}.",
                code="registration_refused",
            )

    async def _send(self, headers: Headers) -> Response:
        answer: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()

        def on_response(response: Response) -> None:
            if response.status >= 200:
                answer.set_result(response)

        request = self._dialog.request("REGISTER", via=new_via(self._wire.address), headers=headers)
        self._wire.request(request, self._server, on_response=on_response, on_timeout=lambda: answer.set_result(None))
        response = await asyncio.shield(answer)
        if response is None:
            raise TelephonyError("The server does not answer a registration.", code="registration_timeout")
        return response
