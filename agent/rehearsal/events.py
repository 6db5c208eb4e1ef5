"""Follows an agent's events: the JSON lines that `phone-agent serve --events-fd N` writes to a pipe."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from agent.domain.call import CallStatus

EventDict = Mapping[str, Any]
Listener = Callable[[EventDict], None]

LINE_LIMIT = 1 << 20  # bytes; a turn is a few hundred
READY = "server.ready"
DRAIN_S = 1.0  # the pipe ends with the server; this bounds the wait where somebody else still holds its other end


class EventFeed:
    """The reading end. Events go to every listener at once, in their order, from the event loop."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[EventDict] = loop.create_future()
        """The server takes calls from now on; cancelled if the feed ends before."""
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.BaseTransport | None = None

    async def open(self) -> int:
        """Make the pipe; the descriptor returned is the writing end, for a child to inherit and for us to close."""
        reading, writing = os.pipe()
        stream = asyncio.StreamReader(limit=LINE_LIMIT)
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", buffering=0)
        )
        self._task = asyncio.create_task(self._read(stream), name="event-feed")
        return writing

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Tell `listener` every event for as long as the context lasts."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def close(self) -> None:
        """Read what is still in the pipe, then no more.

        Raises what a listener raised, or ValueError or KeyError where a line was no event.
        """
        if self._task is None or self._transport is None:
            return
        await asyncio.wait([self._task], timeout=DRAIN_S)
        self._task.cancel()
        (outcome,) = await asyncio.gather(self._task, return_exceptions=True)
        self._transport.close()
        if isinstance(outcome, Exception):
            raise outcome

    async def _read(self, stream: asyncio.StreamReader) -> None:
        try:
            async for line in stream:
                event = json.loads(line)
                if event["type"] == READY and not self.ready.done():
                    self.ready.set_result(event)
                for listener in tuple(self._listeners):
                    listener(event)
        finally:
            self.ready.cancel()


class CallFollower:
    """Collects the events of the one call from a certain number, or to one; a listener of an EventFeed."""

    def __init__(self, caller: str, *, callee: str = "") -> None:
        """`callee`: the first call to that number, whoever it shows as the caller."""
        self.events: list[EventDict] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """The agent told a terminal status."""
        self._end, self._number = ("callee", callee) if callee else ("caller", caller)
        self._call_id: str | None = None

    def __call__(self, event: EventDict) -> None:
        """Take the event if it is of our call; the first one tells who calls whom."""
        kind = event["type"]
        if self._call_id is None and kind == "call.changed" and event["call"][self._end] == self._number:
            self._call_id = event["call_id"]
        if self._call_id is None or event.get("call_id") != self._call_id:
            return
        self.events.append(event)
        if kind == "call.changed" and CallStatus(event["call"]["status"]).terminal and not self.over.done():
            self.over.set_result(None)
