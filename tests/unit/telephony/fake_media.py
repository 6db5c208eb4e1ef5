"""An AudioSocket server and its streams without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from agent.errors import MediaError
from agent.media.ending import MediaEnd, MediaEndKind
from agent.media.inbox import Inbox
from agent.media.outcome import Outcome


@dataclass
class FakeClip:
    done: Outcome[bool] = field(default_factory=Outcome)


class FakePlayout:
    def __init__(self) -> None:
        self.played: list[bytes] = []
        self._clips: list[FakeClip] = []

    def play(self, pcm: bytes) -> FakeClip:
        clip = FakeClip()
        self.played.append(pcm)
        self._clips.append(clip)
        asyncio.get_running_loop().call_later(len(pcm) / 16000, clip.done.settle, True)  # noqa: FBT003 - a callback's
        return clip

    def cut(self) -> None:
        for clip in self._clips:
            clip.done.settle(False)  # noqa: FBT003 - the outcome itself


class FakeStream:
    def __init__(self, uuid: UUID, on_local_close: Callable[[], None]) -> None:
        self.uuid = uuid
        self.playout = FakePlayout()
        self.frames = Inbox()
        self.closed: Outcome[MediaEnd] = Outcome()
        self._on_local_close = on_local_close

    def end(self, kind: MediaEndKind) -> None:
        self.closed.settle(MediaEnd(kind))
        self.playout.cut()
        self.frames.close()

    async def close(self) -> None:
        if not self.closed.done():
            self.end(MediaEndKind.LOCAL)
            self._on_local_close()


class FakeAdmission:
    def __init__(self, server: FakeMediaServer, uuid: UUID) -> None:
        self._server = server
        self.uuid = uuid
        self.arrival: Outcome[FakeStream] = Outcome()
        self.taken = False

    async def stream(self, timeout_s: float) -> FakeStream:
        try:
            async with asyncio.timeout(timeout_s):
                stream = await self.arrival
        except TimeoutError:
            self.cancel()
            raise MediaError("no sound came", code="media_timeout") from None
        self.taken = True
        return stream

    def cancel(self) -> None:
        self._server.expected.pop(self.uuid, None)
        if self.arrival.done() and not self.taken:
            self.arrival.result().end(MediaEndKind.LOCAL)


class FakeMediaServer:
    def __init__(self) -> None:
        self.expected: dict[UUID, FakeAdmission] = {}
        self.streams: list[FakeStream] = []
        self.address = ("127.0.0.1", 9092)
        self.unreachable = False

    def expect(self, uuid: UUID) -> FakeAdmission:
        assert uuid not in self.expected
        admission = self.expected[uuid] = FakeAdmission(self, uuid)
        return admission

    def connect(self, uuid: UUID, on_local_close: Callable[[], None]) -> FakeStream | None:
        admission = None if self.unreachable else self.expected.pop(uuid, None)
        if admission is None:
            return None
        stream = FakeStream(uuid, on_local_close)
        self.streams.append(stream)
        admission.arrival.settle(stream)
        return stream
