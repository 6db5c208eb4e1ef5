"""What reaches a conversation from outside: keys, the back end's commands, the end of the stream or of its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.dialog.happenings import Happening, Key, MustEnd, StreamClosed
from agent.domain.agent import Agent
from agent.domain.call import EndedReason
from agent.domain.commands import Command
from agent.media.ending import MediaEnd
from agent.media.outcome import Outcome
from agent.media.stream import MediaStream


class Arrivals:
    """Puts each of them into the conversation's queue, between `start` and `close`."""

    def __init__(self, put: Callable[[Happening], None], agent: Agent, stream: MediaStream) -> None:
        self._put = put
        self._agent = agent
        self._stream = stream
        self._tasks: list[asyncio.Task[None]] = []
        self._timer: asyncio.TimerHandle | None = None

    def start(self, keys: asyncio.Queue[str], commands: asyncio.Queue[Command], closing: asyncio.Event) -> None:
        """Begin; the longest duration of the call counts from now."""
        phrases, limits = self._agent.phrases, self._agent.limits
        self._tasks = [
            asyncio.create_task(self._keys(keys), name="keys"),
            asyncio.create_task(self._commands(commands), name="commands"),
            asyncio.create_task(self._closing(closing), name="closing"),
        ]
        self._stream.closed.add_done_callback(self._stream_closed)
        time_up = MustEnd(phrases.time_is_up, EndedReason.MAX_DURATION)
        self._timer = asyncio.get_running_loop().call_later(limits.max_duration_s, self._put, time_up)

    async def close(self) -> None:
        """Nothing more comes."""
        self._stream.closed.remove_done_callback(self._stream_closed)
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keys(self, keys: asyncio.Queue[str]) -> None:
        while True:
            self._put(Key(await keys.get()))

    async def _commands(self, commands: asyncio.Queue[Command]) -> None:
        while True:
            self._put(await commands.get())

    async def _closing(self, closing: asyncio.Event) -> None:
        await closing.wait()
        self._put(MustEnd(self._agent.phrases.shutting_down, EndedReason.SERVER_SHUTDOWN))

    def _stream_closed(self, _closed: Outcome[MediaEnd]) -> None:
        self._put(StreamClosed())
