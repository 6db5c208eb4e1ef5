"""What waits to be published, batch after batch, for the one process that may publish at present."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from agent.errors import StoreError
from agent.ids import new_id
from agent.store import bus_positions, events
from agent.store.engine import Store
from agent.store.events import StoredEvent


class Outbox:
    """The events of the record behind the position of the bus. One per process; a lease keeps processes apart."""

    def __init__(self, store: Store, *, lease: timedelta, clock: Callable[[], datetime]) -> None:
        """A batch must be published within `lease`, or another process may publish it, too."""
        self._store = store
        self._lease = lease
        self._clock = clock
        self.holder = new_id("relay")
        """Names this process in leases."""
        self._reached: int | None = None
        """None: we hold no lease. Otherwise what comes up to it was published, and may not be noted yet."""
        self.behind = 0
        """Events that were not published yet, at most, as far as we know."""

    async def begin(self) -> None:
        """See that there is a position: events count from the first time on that somebody publishes."""
        async with self._store.write() as connection:
            await bus_positions.begin(self._store, connection)

    async def has_work(self) -> bool:
        """Whether something waits and no other process publishes. Raises StoreError."""
        if self._reached is not None:
            return True
        async with self._store.read() as connection:
            found = await bus_positions.look(connection)
        self.behind = found.behind
        return found.behind > 0 and found.is_free(self.holder, self._clock())

    async def take(self, limit: int) -> Sequence[StoredEvent]:
        """What comes next, up to `limit`, under our lease; empty where nothing is left or another process publishes.

        Notes in the same transaction what was `done` before. Raises StoreError.
        """
        reached, batch = self._reached, list[StoredEvent]()
        now = self._clock()
        async with self._store.write() as connection:
            if reached is None:
                reached = await bus_positions.claim(connection, self.holder, now=now, until=now + self._lease)
            elif not await bus_positions.advance(connection, self.holder, reached, until=now + self._lease):
                reached = None
            if reached is not None:
                batch = await events.after(connection, reached, limit=limit)
                if not batch:
                    await bus_positions.release(connection, self.holder)
        if reached is not None:
            self.behind = 0 if not batch else max(self.behind, len(batch))
        self._reached = reached if batch else None
        return batch

    def done(self, batch: Sequence[StoredEvent]) -> None:
        """All of it was published, or was not to be."""
        if self._reached is not None:
            self.behind = max(0, self.behind - (batch[-1].position - self._reached))
        self._reached = batch[-1].position

    async def let_go(self) -> None:
        """Let another process publish. While the database is away our lease ends by itself."""
        if self._reached is None:
            return
        try:
            async with self._store.write() as connection:
                await bus_positions.advance(connection, self.holder, self._reached, until=self._clock())
                await bus_positions.release(connection, self.holder)
        except StoreError:
            return
        self._reached = None
