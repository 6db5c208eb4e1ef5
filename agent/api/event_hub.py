"""Tells streams of events that there is more to read: from this process at once, from others by looking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager

from agent.store import events
from agent.store.engine import Store
from agent.store.events import StoredEvent

PAGE = 100
LOOK_EVERY_S = 1.0
"""For events that another process wrote into the same database."""


class EventHub:
    """Wakes everybody who follows events. Belongs to one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: set[asyncio.Event] = set()
        self._closed = False

    def close(self) -> None:
        """End all streams: the server stops."""
        self._closed = True
        self.told(())

    def told(self, _events: Sequence[StoredEvent]) -> None:
        """These are on disk."""
        for follower in self._followers:
            follower.set()

    async def follow(self, position: int, *, call_id: str | None = None) -> AsyncGenerator[list[StoredEvent]]:
        """Events behind `position`, as they come, until `close`; an empty list every `LOOK_EVERY_S` without one.

        They are read from the database each time: a slow reader costs no memory here. Raises StoreError.
        """
        with self._listening() as more:
            while not self._closed:
                more.clear()
                async with self._store.read() as connection:
                    found = await events.after(connection, position, limit=PAGE, call_id=call_id)
                yield found
                if found:
                    position = found[-1].position
                if len(found) < PAGE:
                    await _first(more)

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Event]:
        more = asyncio.Event()
        self._followers.add(more)
        try:
            yield more
        finally:
            self._followers.discard(more)


async def _first(more: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(more.wait(), LOOK_EVERY_S)
    except TimeoutError:
        return
