"""A telephone exchange without telephones: what a conversation has done with its call, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from agent.domain.commands import HandOver, PutOnHold
from agent.domain.transfer import RequestedBy, Transfer, TransferDestination, TransferFailure, TransferKind
from agent.errors import TelephonyError
from agent.media.stream import MediaStream
from tests.unit.dialog.stage import Line


class FakeAttempt:
    """Reaches whom it reaches, at once."""

    def __init__(self, exchange: FakeExchange) -> None:
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.failure: TransferFailure | None = None
        self._exchange = exchange

    async def reach(self) -> bool:
        self._exchange.note("reach")
        if self._exchange.broken:
            raise TelephonyError("Asterisk does not answer.", code="ari_unreachable")
        failure = self._exchange.failure
        return self.give_up(failure) if failure is not None else True

    async def gone(self) -> None:
        await self._exchange.other_gone.wait()

    async def open_briefing(self) -> MediaStream:
        self._exchange.note("brief")
        self._exchange.other = Line()
        for key in self._exchange.other_presses:
            self.keys.put_nowait(key)
        return cast("MediaStream", self._exchange.other)

    async def connect(self) -> bool:
        self._exchange.note("connect")
        return True

    async def refer(self) -> bool:
        self._exchange.note("refer")
        return True

    def give_up(self, reason: TransferFailure) -> bool:
        self.failure = self.failure or reason
        return False


@dataclass
class FakeExchange:
    """A Switching."""

    failure: TransferFailure | None = None
    """Why nobody is reached; None: somebody is."""
    other_presses: str = ""
    broken: bool = False
    playing: Callable[[], bool] = lambda: False
    """Whether the agent is being heard."""
    noted: list[str] = field(default_factory=list)
    spoken_over: list[str] = field(default_factory=list)
    """What was done while the agent was still being heard."""
    orders: list[HandOver] = field(default_factory=list)
    other: Line | None = None
    resumed: asyncio.Event = field(default_factory=asyncio.Event)
    other_gone: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, what: str) -> None:
        self.noted.append(what)
        if self.playing():
            self.spoken_over.append(what)

    def transfer(
        self,
        destination: TransferDestination,
        *,
        by: RequestedBy,
        kind: TransferKind | None = None,
        briefing: str = "",
    ) -> HandOver:
        transfer = Transfer(
            "trf_1", destination.name, kind or destination.kind, destination.mode, by, datetime.now(UTC)
        )
        self.orders.append(HandOver(transfer, destination, briefing))
        return self.orders[-1]

    def hold(self, *, announced_by: str = "", limit_s: float | None = None) -> PutOnHold:
        return PutOnHold(announced_by, limit_s)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[asyncio.Event]:
        self.note("hold")
        yield self.resumed
        self.note("back")

    @asynccontextmanager
    async def attempt(self, order: HandOver) -> AsyncIterator[FakeAttempt]:
        attempt = FakeAttempt(self)
        try:
            yield attempt
        finally:
            if "connect" not in self.noted and "refer" not in self.noted:
                self.note("back")
            if self.other is not None:
                self.other.hang_up()
