"""Writes events as JSON lines to an inherited pipe: how the demo and rehearsals follow a running agent."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from typing import Any

import structlog

from agent.domain.events import Event
from agent.errors import ConfigurationError

log = structlog.get_logger()
MAX_BACKLOG_BYTES = 4 * 1024 * 1024  # some ten thousand turns: who reads so slowly has stopped reading


class EventPipe:
    """An EventSink that never blocks: lines for a reader that does not read are dropped, and that is logged once."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._dropping = False

    @classmethod
    async def open(cls, fd: int) -> EventPipe:
        """Take over the file descriptor. Raises ConfigurationError if it is no pipe or socket."""
        try:
            pipe = os.fdopen(fd, "wb", buffering=0)
            transport, _ = await asyncio.get_running_loop().connect_write_pipe(asyncio.BaseProtocol, pipe)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"--events-fd {fd} is no open pipe: {error}.") from error
        return cls(transport)

    def __call__(self, event: Event) -> None:
        """Write one event. See EventSink."""
        self.write(event.to_dict())

    def write(self, line: Mapping[str, Any]) -> None:
        """Write one line."""
        if self._transport.is_closing() or self._transport.get_write_buffer_size() > MAX_BACKLOG_BYTES:
            if not self._dropping:
                log.warning("events.dropped")
            self._dropping = True
            return
        self._transport.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Close the pipe after what is written."""
        self._transport.close()
