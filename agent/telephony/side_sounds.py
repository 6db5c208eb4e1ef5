"""Sound to and from people who are asked about a call, beside that of the call itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from agent.ids import new_id
from agent.media.stream import MediaStream
from agent.telephony.ari import AriClient
from agent.telephony.ari_events import AriEvent
from agent.telephony.media_path import MediaPath
from agent.telephony.reconcile import Held

if TYPE_CHECKING:
    from agent.media.server import AudioSocketServer


class SideSounds:
    """All of them. Belongs to one event loop."""

    def __init__(
        self, ari: AriClient, server: AudioSocketServer, *, address: Callable[[], str], timeout_s: float
    ) -> None:
        """`address`: host:port that Asterisk is told; `timeout_s` bounds each wait."""
        self._ari = ari
        self._server = server
        self._address = address
        self._timeout_s = timeout_s
        self._paths: dict[str, MediaPath] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def held(self) -> list[Held]:
        """What there is of them in Asterisk."""
        return [Held(media=path.channel_id, bridge=path.bridge_id) for path in self._paths.values()]

    @asynccontextmanager
    async def sound(self, channel_id: str) -> AsyncIterator[MediaStream]:
        """That of a channel, in a bridge of its own while the block lasts. Raises MediaError, TelephonyError."""
        path = MediaPath(
            self._ari,
            self._server,
            address=self._address(),
            key=new_id("side").removeprefix("side_"),
            timeout_s=self._timeout_s,
        )
        self._paths[path.channel_id] = path
        try:
            yield await path.open(channel_id)
        finally:
            # In a task of its own: whoever is cancelled meanwhile leaves nothing behind either.
            await asyncio.shield(self._spawn(self._close(path)))

    def tell(self, channel_id: str, event: AriEvent) -> bool:
        """Pass an event on to the path whose channel it is about; False if it is none's."""
        path = self._paths.get(channel_id)
        if path is None:
            return False
        if event["type"] == "StasisStart":
            path.in_stasis.set()
        elif event["type"] == "ChannelDestroyed":
            path.channel_gone.set()
        return True

    async def close(self) -> None:
        """Return when everything that was closed is removed."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _close(self, path: MediaPath) -> None:
        try:
            await path.close()
        finally:
            del self._paths[path.channel_id]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
