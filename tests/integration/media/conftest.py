"""An AudioSocket server on a free port and a clock that tests move by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest_asyncio

from agent.media.clock import ManualClock
from agent.media.server import AudioSocketServer
from agent.media.stream import MediaStream
from tests.integration.media.peer import Peer


@dataclass
class Line:
    """A server, its clock, and the peers that connected."""

    server: AudioSocketServer
    clock: ManualClock
    peers: list[Peer] = field(default_factory=list)

    async def connect(self) -> Peer:
        peer = await Peer.connect(self.server.address)
        self.peers.append(peer)
        return peer

    async def call(self, uuid: UUID | None = None) -> tuple[Peer, MediaStream]:
        """A connection that was expected and let in."""
        uuid = uuid or uuid4()
        admission = self.server.expect(uuid)
        peer = await Peer.call(self.server.address, uuid)
        self.peers.append(peer)
        return peer, await admission.stream(60)

    async def tick(self, slots: int, *listeners: Peer) -> None:
        """Move on by so many slots of 20 ms; each of `listeners` gets each frame before the next is due."""
        for _ in range(slots):
            counts = [len(peer.frames()) for peer in listeners]
            self.clock.advance(0.02)
            for peer, count in zip(listeners, counts, strict=True):
                await peer.sent(count + 1)


@pytest_asyncio.fixture
async def line() -> AsyncIterator[Line]:
    clock = ManualClock()
    server = AudioSocketServer("127.0.0.1", 0, clock=clock)
    await server.start()
    line = Line(server, clock)
    yield line
    for peer in line.peers:
        if not peer.transport.is_closing():  # one that the other side has broken is gone already
            peer.transport.abort()
    await asyncio.gather(*(peer.lost for peer in line.peers))
    await server.close()
