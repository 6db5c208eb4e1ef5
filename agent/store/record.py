"""The record of a running server: opened before it takes calls, closed after the last one."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import structlog

from agent.domain.agent import Agent
from agent.settings import AgentsSettings, StoreSettings
from agent.store.chronicle import Chronicle
from agent.store.engine import Store
from agent.store.events import StoredEvent
from agent.store.leftovers import close_leftovers
from agent.store.migrate import migrate
from agent.store.recorder import Recorder
from agent.store.registry import Registry

log = structlog.get_logger()

CLOSE_S = 10.0
"""So long what is not written yet may take at the end."""


class Record:
    """The database of the configuration, and who writes into it. Belongs to one event loop."""

    def __init__(self, settings: StoreSettings, agents: AgentsSettings) -> None:
        """Raises ConfigurationError."""
        self._server = settings.server or socket.gethostname()[:64]
        self._told: list[Callable[[Sequence[StoredEvent]], None]] = []
        self.store = Store.of(settings)
        self._chronicle = Chronicle(self.store, server=self._server)
        self.recorder = Recorder(self.store, self._chronicle, told=self._tell)
        self.registry = Registry(self.store, default=agents.default)

    def when_told(self, listener: Callable[[Sequence[StoredEvent]], None]) -> None:
        """Have `listener` called with public events that are on disk."""
        self._told.append(listener)

    async def open(self, agents: Mapping[str, Agent], numbers: Mapping[str, str]) -> None:
        """Update the tables, close what an earlier process left open, learn who answers. Raises StoreError."""
        now = datetime.now(UTC)
        before, after = await migrate(self.store)
        if before != after:
            log.info("store.migrated", before=before, after=after)
        await close_leftovers(self.store, self._chronicle, server=self._server, now=now)
        await self.registry.adopt(agents, numbers, now=now)
        self.recorder.start()

    async def close(self) -> None:
        """Write what is left, and let go of the database."""
        await self.recorder.close(CLOSE_S)
        await self.store.close()

    def _tell(self, stored: Sequence[StoredEvent]) -> None:
        for listener in self._told:
            listener(stored)
