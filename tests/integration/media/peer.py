"""The other end of an AudioSocket connection, which does what a test tells it: well-behaved or not."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from uuid import UUID

from agent.media.audiosocket import Kind, encode

FRAME = 323


class Peer(asyncio.Protocol):
    """Collects what the server sends; every wait is for an event, none for time."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self._changed: asyncio.Future[None] | None = None

    @classmethod
    async def connect(cls, address: tuple[str, int]) -> Peer:
        _, peer = await asyncio.get_running_loop().create_connection(cls, *address)
        return peer

    @classmethod
    async def call(cls, address: tuple[str, int], uuid: UUID) -> Peer:
        peer = await cls.connect(address)
        peer.send(encode(Kind.UUID, uuid.bytes))
        return peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)
        self._wake()

    def send(self, data: bytes) -> None:
        self.transport.write(data)

    def say(self, pcm: bytes = bytes(320)) -> None:
        self.send(encode(Kind.SLIN_8K, pcm))

    async def sent(self, frames: int) -> list[bytes]:
        """The first `frames` frames of sound that the server sent, as soon as they are here."""
        await self.until(lambda: len(self.received) >= frames * FRAME)
        return self.frames()[:frames]

    def frames(self) -> list[bytes]:
        """Payloads of the whole frames of sound received so far."""
        whole = len(self.received) // FRAME
        parts = [bytes(self.received[i * FRAME : (i + 1) * FRAME]) for i in range(whole)]
        assert all(part[:3] == b"\x10\x01\x40" for part in parts)
        return [part[3:] for part in parts]

    def leftover(self) -> bytes:
        """What follows the last whole frame of sound."""
        return bytes(self.received[len(self.received) // FRAME * FRAME :])

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self.lost.done():
                raise ConnectionError("the server closed the connection first")
            self._changed = asyncio.get_running_loop().create_future()
            await self._changed

    def raw(self) -> socket.socket:
        """The socket itself, for options."""
        found: socket.socket = self.transport.get_extra_info("socket")
        return found

    def vanish(self) -> None:
        """Close with a reset, as a killed machine's kernel does."""
        self.raw().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)
