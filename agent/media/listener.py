"""A listening TCP socket that leaves nothing half open when it is closed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

import structlog

from agent.media.clock import Clock, Timer

BACKLOG: Final = 512
RETRY_S: Final = 1.0  # when no socket can be had: by then a call may have ended and given one back

log = structlog.get_logger()


class Listener:
    """Gives each accepted connection a protocol of `factory`.

    Not `asyncio.Server`: that one forgets a connection which it has accepted, but not yet given a protocol, when it is
    closed (seen in 3.11), and the peer waits on a socket that nobody owns.
    """

    def __init__(self, factory: Callable[[], asyncio.BaseProtocol], clock: Clock) -> None:
        self._factory = factory
        self._clock = clock
        self._socket: socket.socket | None = None
        self._retry: Timer | None = None
        self._adoptions: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port. Raises RuntimeError while it does not listen."""
        if self._socket is None:
            raise RuntimeError("nothing listens")
        host, port = self._socket.getsockname()[:2]
        return host, port

    async def open(self, host: str, port: int) -> None:
        """Listen on the first address of `host`; port 0 takes any free one. Raises OSError where it cannot be had."""
        loop = asyncio.get_running_loop()
        family, *_, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
        self._socket = socket.create_server(address[:2], family=family, backlog=BACKLOG)
        self._socket.settimeout(0)
        self._resume()

    async def close(self) -> None:
        """Accept no more, and wait until each connection that was accepted has its protocol."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        if self._retry is not None:
            self._retry.cancel()
        await asyncio.gather(*self._adoptions, return_exceptions=True)

    def _resume(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._accept, self._socket)

    def _accept(self, listening: socket.socket) -> None:
        """Take one per turn of the loop, so that a burst of calls does not hold up the frames of the others."""
        loop = asyncio.get_running_loop()
        try:
            accepted, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            log.warning("media.accept_failed", reason=error.strerror, retry_s=RETRY_S)
            loop.remove_reader(listening)
            self._retry = self._clock.call_at(self._clock.time() + RETRY_S, self._resume)
            return
        accepted.settimeout(0)
        task = loop.create_task(self._adopt(accepted))
        self._adoptions.add(task)
        task.add_done_callback(self._adoptions.discard)

    async def _adopt(self, accepted: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._factory, accepted)
        except OSError as error:
            accepted.close()
            log.warning("media.accept_failed", reason=error.strerror)
