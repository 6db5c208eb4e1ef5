"""Tells streams of events that there is more to read: from this process at once, from others by looking.

Partial transcripts pass through here alone, from calls of this process to whoever follows them just then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from agent.domain.partial_transcript import PartialTranscript
from agent.domain.turns import Speaker
from agent.store import events
from agent.store.engine import Store
from agent.store.events import StoredEvent

PAGE = 100
LOOK_EVERY_S = 1.0
"""For events that another process wrote into the same database."""


@dataclass(frozen=True, slots=True)
class News:
    """What a stream has to tell next; neither: that it is alive."""

    events: Sequence[StoredEvent] = ()
    partials: Sequence[PartialTranscript] = ()


@dataclass(slots=True, eq=False)
class _Follower:
    call_id: str | None
    """None: all calls."""
    takes_partials: bool
    more: asyncio.Event = field(default_factory=asyncio.Event)
    may_have_events: bool = True
    partials: dict[tuple[str, Speaker], PartialTranscript] = field(default_factory=dict)
    """The latest alone of each speaker: who reads slowly misses some, and keeps nobody waiting."""

    def take_partials(self) -> list[PartialTranscript]:
        taken, self.partials = list(self.partials.values()), {}
        return taken


class EventHub:
    """Wakes everybody who follows events, and is the PartialSink of all calls. Belongs to one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: set[_Follower] = set()
        self._closed = False

    def close(self) -> None:
        """End all streams: the server stops."""
        self._closed = True
        self.told(())

    def told(self, _events: Sequence[StoredEvent]) -> None:
        """These are on disk."""
        for follower in self._followers:
            follower.may_have_events = True
            follower.more.set()

    @property
    def wanted(self) -> bool:
        """See PartialSink."""
        return any(follower.takes_partials for follower in self._followers)

    def partial(self, partial: PartialTranscript) -> None:
        """See PartialSink."""
        for follower in self._followers:
            if follower.takes_partials and follower.call_id in {None, partial.call_id}:
                follower.partials[partial.call_id, partial.speaker] = partial
                follower.more.set()

    async def follow(
        self, position: int, *, call_id: str | None = None, partials: bool = False
    ) -> AsyncGenerator[News]:
        """Events behind `position`, as they come, until `close`; no news every `LOOK_EVERY_S` without any.

        They are read from the database each time: a slow reader costs no memory here. `partials`: also what is being
        said just now. Raises StoreError.
        """
        loop = asyncio.get_running_loop()
        with self._listening(call_id, partials) as follower:
            looked_at = loop.time()
            while not self._closed:
                follower.more.clear()
                said, found = follower.take_partials(), []
                if follower.may_have_events or loop.time() - looked_at >= LOOK_EVERY_S:
                    follower.may_have_events, looked_at = False, loop.time()
                    async with self._store.read() as connection:
                        found = await events.after(connection, position, limit=PAGE, call_id=call_id)
                yield News(found, said)
                if found:
                    position = found[-1].position
                if len(found) < PAGE:
                    await _first(follower.more)
                else:
                    follower.may_have_events = True

    @contextmanager
    def _listening(self, call_id: str | None, partials: bool) -> Iterator[_Follower]:
        follower = _Follower(call_id, partials)
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)


async def _first(more: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_EVERY_S):
            await more.wait()
    except TimeoutError:
        return
