"""A known fault in the sound path: sits between Asterisk and the agent's AudioSocket server.

The agent sends one frame per 20 ms, so a queue that always holds the same number of frames delays each by exactly that
many times 20 ms, and needs no clock of its own. Frames are lost or held by their count, for the same reason.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

from agent.media.audiosocket import HEADER_BYTES, Kind, encode
from agent.media.schedule import FRAME_BYTES
from agent.rehearsal.control import FRAME_MS, Control

_SILENCE = encode(Kind.SLIN_8K, bytes(FRAME_BYTES))
_SECOND = 1000 // FRAME_MS  # frames
_GONE = (asyncio.IncompleteReadError, ConnectionError)


class DelayLine:
    """A TCP relay on loopback that holds back what the agent says; what the caller says passes at once."""

    def __init__(self, control: Control, agent: tuple[str, int]) -> None:
        """`agent` is where the agent listens for sound."""
        self._control = control
        self._agent = agent
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where Asterisk is to bring the sound. Raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("the delay line is not started")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        """Drop all connections."""
        if self._server is None:
            return
        self._server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        if call is not None:
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        try:
            agent_reader, agent_writer = await asyncio.open_connection(*self._agent)
        except OSError:
            writer.close()
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, agent_writer))
                group.create_task(self._hold_back(agent_reader, writer))
        except* _GONE:
            pass  # either side may vanish; the other one is told below
        finally:
            writer.close()
            agent_writer.close()

    async def _hold_back(self, agent: asyncio.StreamReader, asterisk: asyncio.StreamWriter) -> None:
        bend = Bend(self._control)
        while True:
            header = await agent.readexactly(HEADER_BYTES)
            frame = header + await agent.readexactly(int.from_bytes(header[1:], "big"))
            asterisk.writelines(bend.feed(frame) if header[0] == Kind.SLIN_8K else (frame,))


class Bend:
    """What becomes of one call's frames. Pure."""

    def __init__(self, control: Control) -> None:
        self._delayed = deque([_SILENCE] * (control.delay_ms // FRAME_MS))
        self._lost = control.lose_ms // FRAME_MS
        self._withheld = control.hold_ms // FRAME_MS
        self._waiting: list[bytes] = []
        self._count = 0

    def feed(self, frame: bytes) -> Iterator[bytes]:
        """Takes a frame of sound; gives those that are due now, in their order."""
        self._delayed.append(frame)
        frame = self._delayed.popleft()
        place, self._count = self._count % _SECOND, self._count + 1
        if place < self._lost:
            return
        self._waiting.append(frame)
        if place >= self._withheld:
            yield from self._waiting
            self._waiting.clear()


async def _pass_on(asterisk: asyncio.StreamReader, agent: asyncio.StreamWriter) -> None:
    while data := await asterisk.read(4096):
        agent.write(data)
    raise ConnectionResetError("Asterisk has closed the call's sound")
