"""The parent's side of the echo process: starts it, follows it, ends it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from agent.errors import SetupError

READY_S = 30.0
END_S = 30.0
_LINE_BYTES = 1 << 24  # the result has a record for each call


class EchoAgent:
    """One running `agent.bench.echo_process`; see `echo_agent`."""

    def __init__(self, process: Process) -> None:
        self.pid = process.pid
        self._process = process
        self._input = cast(StreamWriter, process.stdin)
        self._changed = asyncio.Condition()
        self._ready = self._gone = False
        self._standing = 0
        self._result: Mapping[str, Any] | None = None

    async def begin(self, asterisk: Mapping[str, str]) -> None:
        """Name the Asterisk, and return when it answers calls. Raises SetupError where it does not get there."""
        self._input.write(json.dumps(dict(asterisk)).encode() + b"\n")
        if not await self._until(lambda: self._ready, READY_S):
            raise SetupError("The agent under test did not start; see what it wrote above.")

    async def standing(self, calls: int, timeout_s: float) -> bool:
        """Wait until so many calls are answered and not over; False if that did not come in time."""
        return await self._until(lambda: self._standing == calls, timeout_s)

    async def finish(self) -> Mapping[str, Any]:
        """End it, and what `Echo.result` says. Raises SetupError where it does not say it."""
        self._input.close()
        await self._until(lambda: self._result is not None, END_S)
        if self._result is None:
            raise SetupError("The agent under test ended without a result; see what it wrote above.")
        return self._result

    async def read(self) -> None:
        """Follow it until it ends."""
        async for line in cast(StreamReader, self._process.stdout):
            async with self._changed:
                self._take(json.loads(line))
                self._changed.notify_all()
        async with self._changed:
            self._gone = True
            self._changed.notify_all()

    def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "ready":
                self._ready = True
            case "answered" | "ended":
                self._standing = message["standing"]
            case "result":
                self._result = message

    async def _until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition; False after `timeout_s`, or as soon as the process has gone without it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: condition() or self._gone)
        return condition()


@asynccontextmanager
async def echo_agent(asterisk: Mapping[str, str], *, realtime: bool = True) -> AsyncIterator[EchoAgent]:
    """A running echo process for an Asterisk, given by the keys of AsteriskSettings; gone after the block.

    `realtime`: it asks for real-time scheduling.

    Raises SetupError where it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.bench.echo_process", *(["--realtime"] if realtime else []),
        stdin=PIPE, stdout=PIPE, limit=_LINE_BYTES,
    )  # fmt: skip
    agent = EchoAgent(process)
    reading = asyncio.create_task(agent.read(), name="echo-agent")
    try:
        await agent.begin(asterisk)
        yield agent
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await reading
