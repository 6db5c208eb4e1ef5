"""What the relay needs of a broker."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from agent.store.events import StoredEvent

TimeLimit = Callable[[float], AbstractAsyncContextManager[object]]
"""Like `asyncio.timeout`; tests have one of their own."""


class Publisher(Protocol):
    """One broker. Belongs to one event loop."""

    title: str
    """For people, such as RabbitMQ."""
    unroutable: int
    """Events that the broker took and gave to nobody."""

    @property
    def notice(self) -> str | None:
        """What a person should know while all goes well, such as that nobody gets the events."""

    async def open(self) -> None:
        """Connect, or see that the connection still stands. Raises BusError."""

    async def publish(self, events: Sequence[StoredEvent]) -> None:
        """Return when the broker has all of them, those of one call in their order.

        Raises BusError: some may have arrived, of each call the first ones. They are sent again with the same ids.
        """

    async def weaknesses(self) -> list[str]:
        """Why the broker, as it is configured, may lose what it confirmed, and what to do. Raises BusError."""

    async def close(self) -> None:
        """Let go of the connection."""


def body_of(event: StoredEvent) -> str:
    """The envelope as JSON, in ASCII."""
    return json.dumps(event.as_json(), separators=(",", ":"))
