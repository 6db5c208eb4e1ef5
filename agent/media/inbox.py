"""What the caller says: 20 ms frames that wait for a reader, but never make the socket wait."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from agent.media.schedule import FRAME_BYTES

CAPACITY: Final = 250  # 5 s: more than any stage of a call looks away; 80 kB


class Inbox:
    """An async iterable of frames of exactly FRAME_BYTES, for one reader.

    Takes sound in chunks of any whole number of samples (a telephone may send 10, 30 or 60 ms per packet).
    When nobody reads, the oldest frames are dropped and counted. After `close` what is left is still read.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.received = 0
        """Frames that came, dropped ones included."""
        self.dropped = 0
        """Frames that nobody read in time."""
        self._frames: deque[bytes] = deque(maxlen=capacity)
        self._rest = b""
        self._closed = False
        self._wake: asyncio.Future[None] | None = None

    def put(self, pcm: bytes) -> None:
        """Add sound; less than a frame is kept until the rest of it comes."""
        if self._closed:
            return
        if self._rest or len(pcm) != FRAME_BYTES:
            pcm = self._rest + pcm
            whole = len(pcm) - len(pcm) % FRAME_BYTES
            self._rest = pcm[whole:]
            for start in range(0, whole, FRAME_BYTES):
                self._append(pcm[start : start + FRAME_BYTES])
        else:
            self._append(pcm)

    def close(self) -> None:
        """Nothing more will come."""
        self._closed = True
        self._wake_reader()

    def __aiter__(self) -> Inbox:
        return self

    async def __anext__(self) -> bytes:
        """The oldest frame. Raises RuntimeError where another task is already waiting for one."""
        while not self._frames:
            if self._closed:
                raise StopAsyncIteration
            if self._wake is not None:
                raise RuntimeError("two tasks read the frames of one stream")
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        return self._frames.popleft()

    def _append(self, frame: bytes) -> None:
        self.received += 1
        self.dropped += len(self._frames) == self._frames.maxlen
        self._frames.append(frame)
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
