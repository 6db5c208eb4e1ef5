"""A server of the Wyoming protocol that notices at once when a client goes, and drops that client's work."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.ping import Ping, Pong

from agent.errors import ConfigurationError, PhoneAgentError

log = structlog.get_logger()

MAX_WAITING_EVENTS = 256
Send = Callable[[Event], Awaitable[None]]


class Session(Protocol):
    """What one client's events mean. Events come one after the other; the next waits until this one is done."""

    async def handle(self, event: Event, send: Send) -> None:
        """Answer one event. Cancelled when the client goes. A PhoneAgentError becomes an `error` event."""
        ...


async def pong(event: Event, thread: Executor, send: Send) -> None:
    """Answer a ping as soon as `thread` can work: one whose work never ends gives no answer."""
    await asyncio.get_running_loop().run_in_executor(thread, int)
    await send(Pong(text=Ping.from_event(event).text).event())


class WyomingServer:
    """Listens on `tcp://host:port` (port 0: any free one) or `unix:///path`; each client gets a session of its own."""

    def __init__(self, uri: str, new_session: Callable[[], Session]) -> None:
        self._parts = urlsplit(uri)
        self._uri = uri
        self._new_session = new_session
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Begin to listen; gives the URI, with the real port. Raises ConfigurationError if that is not possible."""
        try:
            if self._parts.scheme == "unix":
                self._remove_socket()  # left by a predecessor that was killed
                mask = os.umask(0o077)
                try:
                    self._server = await asyncio.start_unix_server(self._accept, self._parts.path)
                finally:
                    os.umask(mask)
                return self._uri
            if self._parts.scheme != "tcp" or self._parts.port is None:
                raise ConfigurationError(f"{self._uri!r} is no address; write tcp://HOST:PORT or unix:///PATH.")
            self._server = await asyncio.start_server(self._accept, self._parts.hostname, self._parts.port)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"Cannot listen on {self._uri}: {error}.") from error
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"tcp://{host}:{port}"

    async def close(self) -> None:
        """Stop listening and let go of every client."""
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        if self._parts.scheme == "unix":
            self._remove_socket()

    def _remove_socket(self) -> None:
        Path(self._parts.path).unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.create_task(self._serve(reader, writer))
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[Event] = asyncio.Queue(MAX_WAITING_EVENTS)
        work = asyncio.create_task(self._work(waiting, writer))
        try:
            with suppress(OSError, asyncio.IncompleteReadError, json.JSONDecodeError, KeyError, TypeError):
                while (event := await async_read_event(reader)) is not None:
                    await waiting.put(event)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            writer.transport.abort()

    async def _work(self, waiting: asyncio.Queue[Event], writer: asyncio.StreamWriter) -> None:
        session = self._new_session()

        async def send(event: Event) -> None:
            await async_write_event(event, writer)

        try:
            while True:
                event = await waiting.get()
                try:
                    await session.handle(event, send)
                except PhoneAgentError as error:
                    await send(Error(text=str(error), code=error.code).event())
        except OSError:
            log.debug("wyoming.client_gone")
        except Exception:
            log.exception("wyoming.session_failed")
        finally:
            writer.close()
