"""A telephone that does what a script tells it: places and takes calls over SIP, talks, listens, records."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from agent.errors import TelephonyError
from agent.testing.softphone.account import Account
from agent.testing.softphone.call import PhoneCall
from agent.testing.softphone.condition import PERFECT, LineCondition
from agent.testing.softphone.incoming import IncomingCall
from agent.testing.softphone.outgoing_leg import OutgoingLeg
from agent.testing.softphone.registration import Registration
from agent.testing.softphone.rtp import Pcm
from agent.testing.softphone.sdp import SdpError
from agent.testing.softphone.sip import REASONS, Request, respond
from agent.testing.softphone.transactions import T1_S
from agent.testing.softphone.wire import Address, SipWire

Gate = Callable[[SipWire, Request, Address], bool]
"""Is asked about a request that belongs to no call before anything else is done; True: it has been dealt with."""


class Softphone:
    """A SIP user agent on a port of `local_host`, a free one by default; several calls at once are fine.

    Use it as an asynchronous context manager, or `close` it: what is still running is hung up.
    """

    def __init__(
        self, local_host: str = "127.0.0.1", *, port: int = 0, t1_s: float = T1_S, gate: Gate | None = None
    ) -> None:
        self._host = local_host
        self._port = port
        self._t1 = t1_s
        self._gate = gate
        self._wire: SipWire | None = None
        self._opening = asyncio.Lock()
        self._calls: set[PhoneCall | IncomingCall] = set()
        self._registrations: list[Registration] = []
        self._recordings: tuple[Path, itertools.count[int]] | None = None
        self._incoming: asyncio.Queue[IncomingCall] = asyncio.Queue()

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
        wire = await self._open()
        account, peer = Account(user, password), (sip_host, sip_port)
        call = PhoneCall(
            lambda leg_user: OutgoingLeg(wire, peer=peer, number=number, account=account, user=leg_user),
            host=wire.address[0],
            recording=recording,
            background=background,
            condition=condition,
            no_media_s=no_media_s,
        )
        self._keep(call)
        call.start()
        return call

    async def listen(self, recordings: Path) -> Address:
        """Take calls from now on, with a recording of each as 001.wav, … in a folder; before, a caller gets 480.

        Returns where the telephone listens. Raises OSError where its port is taken.
        """
        self._recordings = self._recordings or (recordings, itertools.count(1))
        return (await self._open()).address

    async def register(self, sip_host: str, sip_port: int, user: str, password: str) -> None:
        """Have calls for an account sent here until `close`. Raises TelephonyError where the server does not want that.

        Codes: `registration_refused`, `registration_timeout`.
        """
        registration = Registration(await self._open(), server=(sip_host, sip_port), account=Account(user, password))
        await registration.register()
        self._registrations.append(registration)

    async def incoming(self) -> IncomingCall:
        """The next call that comes in, once `listen` was called. It waits for us to ring, answer or refuse."""
        return await self._incoming.get()

    async def vanish(self) -> None:
        """Lose the network in the middle of everything: the port closes, no call ends properly, nothing is answered."""
        if self._wire is not None:
            await self._wire.close()
        await asyncio.gather(*(call.abandon() for call in self._calls))
        self._wire = None
        self._registrations.clear()

    async def close(self) -> None:
        """Hang up what is still running, take back the registrations and give the port back."""
        await asyncio.gather(*(call.hang_up() for call in self._calls))
        for registration in self._registrations:
            with contextlib.suppress(TelephonyError):  # the server has gone before us
                await registration.unregister()
        self._registrations.clear()
        if self._wire is not None:
            await self._wire.close()
            self._wire = None

    async def _open(self) -> SipWire:
        async with self._opening:  # of several first calls at once only one opens a port
            if self._wire is None:
                self._wire = await SipWire.open(self._host, self._port, t1_s=self._t1)
                self._wire.on_stranger = self._on_stranger
            return self._wire

    def _on_stranger(self, request: Request, source: Address) -> bool:
        wire = self._wire
        if wire is None:
            return False
        if self._gate is not None and self._gate(wire, request, source):
            return True
        if request.method != "INVITE" or self._recordings is None:
            return False
        folder, numbers = self._recordings
        try:
            call = IncomingCall(wire, request, source, recording=folder / f"{next(numbers):03}.wav")
        except SdpError:
            wire.answer(request, respond(request, 488, REASONS[488], to_tag="softphone"), source)
            return True
        self._keep(call)
        self._incoming.put_nowait(call)
        return True

    def _keep(self, call: PhoneCall | IncomingCall) -> None:
        self._calls.add(call)
        call.ended.add_done_callback(lambda _ended: self._calls.discard(call))
