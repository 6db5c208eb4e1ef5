"""The other end of a SIP line: one address that takes many calls, each dealt with as its number says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from agent.testing.callees import Callee
from agent.testing.softphone import CallEndedError, IncomingCall, Softphone
from agent.testing.softphone.account import Account
from agent.testing.softphone.provider import Provider
from agent.testing.softphone.wire import Address


class TrunkPeer:
    """An asynchronous context manager. What a callee's part raised, but CallEndedError, is raised when it is left.

    `callee_of` is asked with the dialled number as it came in the INVITE. With an `account` every call and registration
    must prove it by digest. Each call of some length takes a thread: some tens at once are fine, SIPp does more.
    """

    def __init__(
        self, callee_of: Callable[[str], Callee], recordings: Path, *, account: Account | None = None, port: int = 0
    ) -> None:
        self.provider = Provider(account)
        """Registrations and proofs."""
        self.calls: list[IncomingCall] = []
        """All that ever came, in order."""
        self._callee_of = callee_of
        self._recordings = recordings
        self._port = port
        self._phone: Softphone | None = None
        self._taking: asyncio.Task[None] | None = None
        self._parts: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._failures: list[Exception] = []

    @property
    def address(self) -> Address:
        """Where calls are taken: on loopback, the same after `come_back`."""
        return "127.0.0.1", self._port

    async def __aenter__(self) -> TrunkPeer:
        await self.come_back()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        phone = await self._stop()
        if phone is not None:
            await phone.close()
        if self._failures:
            raise ExceptionGroup("callees failed", self._failures)

    async def come_back(self) -> None:
        """Be there again after `vanish`."""
        self._phone = Softphone(port=self._port, gate=self.provider)
        _, self._port = await self._phone.listen(self._recordings)
        self._taking = asyncio.create_task(self._take(self._phone))

    async def vanish(self) -> None:
        """Be gone in the middle of everything: nothing is hung up, and nothing is answered any more."""
        phone = await self._stop()
        if phone is not None:
            await phone.vanish()

    async def came(self, count: int = 1) -> IncomingCall:
        """The `count`-th call that ever came, once it has."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.calls) >= count)
        return self.calls[count - 1]

    async def _take(self, phone: Softphone) -> None:
        while True:
            call = await phone.incoming()
            async with self._changed:
                self.calls.append(call)
                self._changed.notify_all()
            part = asyncio.create_task(self._play(call))
            self._parts.add(part)
            part.add_done_callback(self._parts.discard)

    async def _play(self, call: IncomingCall) -> None:
        try:
            await self._callee_of(call.number)(call)
        except CallEndedError:
            return
        except Exception as error:
            self._failures.append(error)
            await call.hang_up()

    async def _stop(self) -> Softphone | None:
        phone, self._phone = self._phone, None
        tasks = [*self._parts, *([self._taking] if self._taking is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._taking = None
        return phone
