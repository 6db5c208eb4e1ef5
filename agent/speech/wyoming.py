"""One request to a server of the Wyoming protocol (`tcp://host:port` or `unix:///path`).

Each request has a connection of its own. Connecting to a local server takes 0.1 to 0.2 ms, and closing a connection is
the only way in which the protocol says "no longer wanted": our servers drop queued work of a client that has gone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from wyoming.event import Event, async_read_event, async_write_event

from agent.errors import ConfigurationError

CHUNK_BYTES = 32_768
"""Sound per event: large enough to be few, small enough for servers that bound an event."""


def check_uri(uri: str) -> str:
    """The URI itself; raises ConfigurationError if no Wyoming server can be there."""
    try:
        parts = urlsplit(uri)
        complete = bool(parts.hostname and parts.port) if parts.scheme == "tcp" else bool(parts.path)
    except ValueError:
        complete = False
    if not complete or parts.scheme not in {"tcp", "unix"}:
        raise ConfigurationError(f"{uri!r} is not a Wyoming server; write tcp://HOST:PORT or unix:///PATH.")
    return uri


class Connection:
    """Events to and from one server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, events: Iterable[Event]) -> None:
        """Send events in order; raises ConnectionError if the server has gone."""
        for event in events:
            await async_write_event(event, self._writer)

    async def events(self) -> AsyncIterator[Event]:
        """What the server answers, until it closes; raises ConnectionError on what is not the protocol."""
        while True:
            try:
                event = await async_read_event(self._reader)
            except (json.JSONDecodeError, KeyError, TypeError, AttributeError, asyncio.IncompleteReadError) as error:
                raise ConnectionError("the answer is not of the Wyoming protocol") from error
            if event is None:
                return
            yield event


@asynccontextmanager
async def connect(uri: str) -> AsyncIterator[Connection]:
    """A connection that is gone when the block is left, however it is left; raises OSError."""
    parts = urlsplit(check_uri(uri))
    if parts.scheme == "unix":
        reader, writer = await asyncio.open_unix_connection(parts.path)
    else:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
