"""A telephone that does what a script tells it: places calls over SIP, talks, listens, records."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType

from agent.testing.softphone.call import PhoneCall
from agent.testing.softphone.condition import PERFECT, LineCondition
from agent.testing.softphone.leg import Account
from agent.testing.softphone.rtp import Pcm
from agent.testing.softphone.transactions import T1_S
from agent.testing.softphone.wire import SipWire


class Softphone:
    """A SIP user agent on a free port of `local_host`; several calls at once are fine.

    Use it as an asynchronous context manager, or `close` it: what is still running is hung up.
    """

    def __init__(self, local_host: str = "127.0.0.1", *, t1_s: float = T1_S) -> None:
        self._host = local_host
        self._t1 = t1_s
        self._wire: SipWire | None = None
        self._opening = asyncio.Lock()
        self._calls: set[PhoneCall] = set()

    async def __aenter__(self) -> Softphone:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def call(
        self,
        sip_host: str,
        sip_port: int,
        number: str,
        *,
        recording: Path,
        user: str = "caller",
        password: str = "",
        background: Pcm | None = None,
        condition: LineCondition = PERFECT,
        no_media_s: float | None = None,
    ) -> PhoneCall:
        """Dial `number` at a SIP server; returns as soon as the INVITE is on its way.

        `user` and `password` are the account at that server; the password is used where the server asks for it.
        `background` is mixed into all that is sent, in a loop, at the level that it has (see `testing.noise`).
        `condition`: what becomes of all that is sent on its way.
        `no_media_s`: hang up when no RTP has come for so long; None: never. Raises OSError where no port is free
        or `recording` cannot be written.
        """
        async with self._opening:  # of several first calls at once only one opens a port
            wire = self._wire = self._wire or await SipWire.open(self._host, t1_s=self._t1)
        call = PhoneCall(
            wire,
            peer=(sip_host, sip_port),
            number=number,
            account=Account(user, password),
            recording=recording,
            background=background,
            condition=condition,
            no_media_s=no_media_s,
        )
        self._calls.add(call)
        call.ended.add_done_callback(lambda _ended: self._calls.discard(call))
        call.start()
        return call

    async def close(self) -> None:
        """Hang up what is still running and give the port back."""
        await asyncio.gather(*(call.hang_up() for call in self._calls))
        if self._wire is not None:
            await self._wire.close()
            self._wire = None
