"""A program of ours in a process of its own: it speaks JSON lines both ways, and ends when its standard input does."""

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

READY_S = 60.0
END_S = 30.0
_LINE_BYTES = 1 << 26  # a result may have every observation

Message = Mapping[str, Any]


class Child:
    """The parent's side; see `child`. Messages are objects with a `type`."""

    def __init__(self, process: Process, name: str) -> None:
        self.pid = process.pid
        self.latest: dict[str, Message] = {}
        """The last message of each type."""
        self._process = process
        self._name = name
        self._input = cast(StreamWriter, process.stdin)
        self._changed = asyncio.Condition()
        self._gone = False

    def send(self, **message: Any) -> None:
        """Give it one line. Does nothing where it has gone."""
        if not self._input.is_closing():
            self._input.write(json.dumps(message).encode() + b"\n")

    async def ask(self, answer: str, timeout_s: float, **message: Any) -> Message:
        """Give it one line, and wait for a message of the type `answer`. Raises SetupError where none comes in time."""
        self.latest.pop(answer, None)
        self.send(**message)
        return await self.expect(answer, timeout_s)

    async def expect(self, answer: str, timeout_s: float) -> Message:
        """The last message of that type, or the first where there was none. Raises SetupError."""
        if not await self.until(lambda: answer in self.latest, timeout_s):
            state = "ended" if self._gone else f"did not get there within {timeout_s:g} s"
            raise SetupError(f"The process {self._name} {state} before it told `{answer}`; see what it wrote above.")
        return self.latest[answer]

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition; False after `timeout_s`, or as soon as the process has gone without it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: condition() or self._gone)
        return condition()

    async def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def finish(self) -> None:
        """End its input, and wait until it has ended by itself; after 30 s by force."""
        self._input.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_S)
        except TimeoutError:
            await self.kill()

    async def read(self) -> None:
        """Follow it until it ends."""
        async for line in cast(StreamReader, self._process.stdout):
            message = json.loads(line)
            async with self._changed:
                self.latest[message["type"]] = message
                self._changed.notify_all()
        async with self._changed:
            self._gone = True
            self._changed.notify_all()


@asynccontextmanager
async def child(module: str, **first: Any) -> AsyncIterator[Child]:
    """`python -m MODULE`, given a first line, once it has told `ready`; gone after the block.

    Raises SetupError where it does not get there.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, stdin=PIPE, stdout=PIPE, limit=_LINE_BYTES
    )
    started = Child(process, module)
    reading = asyncio.create_task(started.read(), name=module)
    try:
        await started.ask("ready", READY_S, type="begin", **first)
        yield started
    finally:
        await started.kill()
        await reading


def tell(kind: str, **fields: Any) -> None:
    """The child's side: write one line to standard output. The parent reads at once."""
    sys.stdout.write(json.dumps({"type": kind, **fields}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


async def asked() -> AsyncIterator[dict[str, Any]]:
    """The child's side: the lines of standard input, until it ends with whoever started us."""
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer
    )
    try:
        async for line in reader:
            yield json.loads(line)
    finally:
        transport.close()
