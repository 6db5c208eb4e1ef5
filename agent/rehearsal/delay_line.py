"""A known delay in the sound path: sits between Asterisk and the agent's AudioSocket server.

The agent sends one frame per 20 ms, so a queue that always holds the same number of frames delays each by exactly that
many times 20 ms, and needs no clock of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque

from agent.media.audiosocket import HEADER_BYTES, Kind, encode
from agent.media.schedule import FRAME_BYTES
from agent.rehearsal.control import FRAME_MS

_SILENCE = encode(Kind.SLIN_8K, bytes(FRAME_BYTES))
_GONE = (asyncio.IncompleteReadError, ConnectionError)


class DelayLine:
    """A TCP relay on loopback that holds back what the agent says; what the caller says passes at once."""

    def __init__(self, delay_ms: int, agent: tuple[str, int]) -> None:
        """`agent` is where the agent listens for sound."""
        self._frames = delay_ms // FRAME_MS
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
        held = deque([_SILENCE] * self._frames)
        while True:
            header = await agent.readexactly(HEADER_BYTES)
            frame = header + await agent.readexactly(int.from_bytes(header[1:], "big"))
            if header[0] == Kind.SLIN_8K:
                held.append(frame)
                frame = held.popleft()
            asterisk.write(frame)


async def _pass_on(asterisk: asyncio.StreamReader, agent: asyncio.StreamWriter) -> None:
    while data := await asterisk.read(4096):
        agent.write(data)
    raise ConnectionResetError("Asterisk has closed the call's sound")
