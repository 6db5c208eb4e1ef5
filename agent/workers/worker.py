"""One run of one worker process: from its start, over its ready line, to its end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from agent.errors import ConfigurationError, PhoneAgentError, SetupError
from agent.workers.pulse import Pulse

log = structlog.get_logger()

STOP_GRACE_S = 5.0
"""Between SIGTERM and SIGKILL."""
BROKEN = 2
"""Exit status of a worker that cannot work until somebody changes something."""
LINE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """How to start a worker."""

    name: str
    """As in logs and health: ears, mouth, mind."""
    argv: tuple[str, ...]
    """After the interpreter, such as ("-m", "agent.workers.ears", …)."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Added to ours; may hold secrets."""
    ready_s: float = 120.0
    """So long it may take until it can work."""
    pulse: Pulse | None = field(default=None, repr=False)
    """How to find out that it hangs; None: only its death is noticed."""


class WorkerRun:
    """A process that was started. Its standard input stays open as long as we live: that is how it knows."""

    def __init__(self, spec: WorkerSpec, process: asyncio.subprocess.Process) -> None:
        self._spec = spec
        self._process = process
        self._last_words: deque[str] = deque(maxlen=5)
        self._ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._readers = [asyncio.create_task(self._read_answers()), asyncio.create_task(self._read_log())]

    @classmethod
    async def start(cls, spec: WorkerSpec) -> WorkerRun:
        """Start the process in a session of its own, so that Ctrl-C reaches us alone. Raises SetupError."""
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *spec.argv,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                env=dict(os.environ) | dict(spec.env),
                start_new_session=True,
                limit=LINE_BYTES,
            )
        except OSError as error:
            raise SetupError(f"The worker {spec.name} cannot be started: {error}.") from error
        return cls(spec, process)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def last_words(self) -> str:
        """The last line of its log that says something, for a person."""
        return next((line for line in reversed(self._last_words) if line), "it said nothing")

    async def ready(self) -> str:
        """Wait until it can work; gives its URI.

        Raises ConfigurationError (`worker_broken`) where trying again is of no use, SetupError otherwise.
        """
        try:
            async with asyncio.timeout(self._spec.ready_s):
                return await asyncio.shield(self._ready)
        except TimeoutError as error:
            raise SetupError(f"The worker {self._spec.name} was not ready within {self._spec.ready_s:g} s.") from error

    async def wait(self) -> int:
        """Wait for its end; gives the exit status, negative for a signal."""
        status = await self._process.wait()
        await asyncio.gather(*self._readers, return_exceptions=True)
        return status

    async def stop(self) -> None:
        """End it: SIGTERM and the end of its standard input, then SIGKILL. Returns when it is gone."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_GRACE_S):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._let_go()

    async def _let_go(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        if not self._ready.done():
            self._ready.cancel()

    async def _read_answers(self) -> None:
        async for line in _lines(self._process.stdout):
            uri = _ready_uri(line)
            if uri is not None and not self._ready.done():
                self._ready.set_result(uri)
        status = await self._process.wait()
        await asyncio.wait({self._readers[1]})  # its last words tell why
        if not self._ready.done():
            self._ready.set_exception(self._failure(status))
            self._ready.exception()  # marked as seen: nobody may be waiting for it

    def _failure(self, status: int) -> PhoneAgentError:
        if status == BROKEN:
            return ConfigurationError(self.last_words, code="worker_broken")
        return SetupError(f"The worker {self._spec.name} ended with status {status} ({self.last_words}).")

    async def _read_log(self) -> None:
        async for line in _lines(self._process.stderr):
            self._last_words.append(line.strip())
            log.debug("worker.log", worker=self._spec.name, line=line.rstrip())


async def _lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    while stream is not None:
        try:
            line = await stream.readline()
        except ValueError:  # longer than LINE_BYTES: nothing we wait for
            continue
        if not line:
            return
        yield line.decode(errors="replace")


def _ready_uri(line: str) -> str | None:
    """The URI of a ready line; None for any other line."""
    with suppress(json.JSONDecodeError, AttributeError):
        answer = json.loads(line)
        if answer.get("ready") is True and isinstance(answer.get("uri"), str):
            return str(answer["uri"])
    return None
