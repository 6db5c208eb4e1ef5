"""What a conversation can have done with its call by whoever leads the line: see `agent.telephony.call_control`."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from agent.domain.commands import HandOver, PutOnHold
from agent.domain.transfer import RequestedBy, TransferDestination, TransferFailure, TransferKind
from agent.media.stream import MediaStream


class Attempt(Protocol):
    """One attempt to bring the caller together with somebody else, step by step."""

    keys: asyncio.Queue[str]
    """What whoever answered presses."""
    failure: TransferFailure | None
    """Why it did not come about."""

    async def reach(self) -> bool:
        """Let the caller wait and call the destination; whether somebody answered. Raises TelephonyError."""
        ...

    async def gone(self) -> None:
        """Return when whoever answered has hung up."""
        ...

    async def open_briefing(self) -> MediaStream:
        """The sound of whoever answered; the caller hears nothing of it. Raises MediaError, TelephonyError."""
        ...

    async def connect(self) -> bool:
        """Bring both together; False where whoever answered has gone. Raises TelephonyError."""
        ...

    async def refer(self) -> bool:
        """Ask the caller's telephone to call the destination itself; whether it left. Raises TelephonyError."""
        ...

    def give_up(self, reason: TransferFailure) -> bool:
        """It did not come about; False."""
        ...


class Switching(Protocol):
    """Of one call."""

    def transfer(
        self, destination: TransferDestination, *, by: RequestedBy, kind: TransferKind | None = None, briefing: str = ""
    ) -> HandOver:
        """Begin to hand the caller over; what the conversation is to be told. Raises TelephonyError."""
        ...

    def hold(self, *, announced_by: str = "", limit_s: float | None = None) -> PutOnHold:
        """Let the caller wait; what the conversation is to be told. Raises TelephonyError."""
        ...

    def held(self) -> AbstractAsyncContextManager[asyncio.Event]:
        """The caller hears music within the block, and is back after it; the event is set when they are to be.

        Raises TelephonyError.
        """
        ...

    def attempt(self, order: HandOver) -> AbstractAsyncContextManager[Attempt]:
        """Hand the caller over within the block; they are back after it unless that was done.

        Raises TelephonyError.
        """
        ...
