"""Recordings and retention of a running server: opened before it takes calls, closed after the last one."""

from __future__ import annotations

from agent.domain.events import EventSink
from agent.recordings.archive import Archive
from agent.recordings.retention import Retention
from agent.recordings.studio import Studio
from agent.settings import Settings
from agent.store import recordings
from agent.store.record import Record


class Recordings:
    """Belongs to one event loop."""

    def __init__(self, settings: Settings, record: Record, sink: EventSink) -> None:
        """`sink` is told of each recording. Raises ConfigurationError where they cannot be kept as wanted."""
        self._record = record
        self.studio = Studio(settings.recordings, sink)
        self.archive = Archive(record.store, self.studio.folder, server=record.server)
        self._retention = Retention(record.store, self.archive, settings.retention)

    async def open(self) -> None:
        """Complete what a killed process left behind, and begin to remove what is too old. Raises StoreError."""
        async with self._record.store.read() as connection:
            self.studio.recover(await recordings.unfinished(connection, self._record.server))
        self._retention.start()

    async def close(self) -> None:
        """Complete the last recordings."""
        await self._retention.close()
        await self.studio.close()
