"""One connection to Asterisk's manager interface (AMI), through panoramisk.

panoramisk reconnects by itself, for ever, says so at every attempt, leaves actions pending that a lost connection
will never answer, and logs the answers, in which trunks' passwords stand. So each connection here is a Manager of its
own that does not reconnect and does not log; every action has a timeout and ends with its connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from agent.errors import TelephonyError
from agent.telephony.ami_state import Message
from agent.telephony.waiting import first_of

_NEVER_S = 10**8
"""panoramisk's own ping is not used: it notices nothing when the answer is missing."""
_EVENTS = "system"
"""Class of the events we ask for: registrations and contacts."""

_SILENT = logging.getLogger(f"{__name__}.panoramisk")
_SILENT.setLevel(logging.CRITICAL + 1)
_SILENT.propagate = False


class AmiPasswordError(TelephonyError):
    """Asterisk does not let us in."""

    code = "ami_unauthorized"


class _Manager(Manager):  # type: ignore[misc]  # panoramisk ships no types
    """A Manager that ends with its connection."""

    def __init__(self, lost: asyncio.Event, **config: Any) -> None:
        super().__init__(**config)
        self._lost = lost

    def connection_lost(self, exc: object) -> None:  # noqa: ARG002 - panoramisk's signature
        self.close()
        self._lost.set()


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk ships no types
    """A protocol that has its manager from its first byte on."""

    def __init__(self, manager: _Manager) -> None:
        self._manager = manager

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        made: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        made.set_result((transport, self))
        self._manager.connection_made(made)


class AmiLink:
    """A connection that is logged in, until it is `lost` or closed."""

    def __init__(self, host: str, port: int, user: str, password: str, *, timeout_s: float) -> None:
        self.lost = asyncio.Event()
        """Set when the connection has ended, whoever ended it."""
        self._where = f"{host}:{port}"
        self._user = user
        self._timeout_s = timeout_s
        self._address = host, port
        self._manager = _Manager(
            self.lost,
            loop=asyncio.get_running_loop(),
            host=host,
            port=port,
            username=user,
            secret=password,
            events=_EVENTS,
            ping_delay=_NEVER_S,
            log=_SILENT,
        )

    async def open(self) -> None:
        """Connect, log in, and wait until Asterisk has started: before, it denies what it grants a moment later.

        Raises TelephonyError: `ami_unreachable`, `ami_timeout`, `ami_lost`, or AmiPasswordError.
        """
        loop = asyncio.get_running_loop()
        booted = asyncio.Event()
        self.on_event("FullyBooted", booted.set)
        try:
            async with asyncio.timeout(self._timeout_s):
                await loop.create_connection(lambda: _Protocol(self._manager), *self._address)
        except (OSError, TimeoutError) as error:
            raise TelephonyError(
                f"Asterisk's manager interface does not answer at {self._where}; "
                "start Asterisk, or correct asterisk.ami_host and asterisk.ami_port.",
                code="ami_unreachable",
            ) from error
        try:
            await self._log_in(booted)
        except BaseException:
            self.close()
            raise

    def on_event(self, pattern: str, callback: Callable[[], None]) -> None:
        """Call `callback` at each event whose name matches the pattern, such as `Contact*`."""

        def told(_manager: object, _event: object) -> None:
            callback()

        self._manager.register_event(pattern, told)

    async def ask(self, action: str, **headers: str) -> list[Message]:
        """Every message of the answer.

        Raises TelephonyError: `ami_timeout`, `ami_lost`, or `ami_refused` with Asterisk's own words.
        """
        if self.lost.is_set():
            raise self._lost_error()
        answer = await self._answer(self._manager.send_action({"Action": action, **headers}))
        messages: list[Message] = answer if isinstance(answer, list) else [answer]
        if messages[0].get("Response") == "Error":
            raise TelephonyError(
                f"Asterisk's manager interface refused {action}: {messages[0].get('Message', '')}", code="ami_refused"
            )
        return messages

    def close(self) -> None:
        """Disconnect."""
        self._manager.close()
        self.lost.set()

    async def _log_in(self, booted: asyncio.Event) -> None:
        answer = await self._answer(self._manager.authenticated_future)
        if not answer.success:
            raise AmiPasswordError(
                f"Asterisk's manager interface at {self._where} refuses the user {self._user!r}: "
                "make asterisk.ami_user and asterisk.ami_password equal to its manager.conf."
            )
        # A user without the class system gets no such event: what they may not see is told later, action by action.
        await first_of(booted.wait(), self.lost.wait(), timeout_s=self._timeout_s)
        if self.lost.is_set():
            raise self._lost_error()

    async def _answer(self, future: asyncio.Future[Any]) -> Any:
        lost = asyncio.ensure_future(self.lost.wait())
        try:
            await asyncio.wait({future, lost}, timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
            await asyncio.wait({lost})
        if future.done():
            return future.result()
        if self.lost.is_set():
            raise self._lost_error()
        raise TelephonyError(
            f"Asterisk's manager interface at {self._where} did not answer within {self._timeout_s:g} s.",
            code="ami_timeout",
        )

    def _lost_error(self) -> TelephonyError:
        return TelephonyError(
            f"The connection to Asterisk's manager interface at {self._where} broke.", code="ami_lost"
        )
