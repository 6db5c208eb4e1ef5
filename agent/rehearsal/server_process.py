"""The agent under rehearsal: `phone-agent serve` as a child that tells its events, and that never outlives us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.errors import ConfigurationError, SetupError
from agent.rehearsal.environment import overrides
from agent.rehearsal.events import EventFeed

READY_TIMEOUT_S = 300.0  # models are loaded and warmed up; a starved machine is given time
STOP_TIMEOUT_S = 20.0
BROKEN_CONFIGURATION = 2
_TAIL_LINES = 5


class ServerProcess:
    """One child process that answers calls and writes events to a pipe."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        """`argv` is completed by `--events-fd N`; `log` gets standard output and error.

        Stopped, it lets calls say goodbye and does not wait for their end, whatever its configuration file says.
        """
        self._argv = argv
        self._env = {**overrides({"drain": {"timeout_s": "0"}}), **env}
        self._log = log
        self._process: Process | None = None
        self.feed = EventFeed()

    @property
    def pid(self) -> int:
        """Of the running process. Raises SetupError while there is none."""
        if self._process is None:
            raise SetupError("The agent was not started yet.")
        return self._process.pid

    @property
    def status(self) -> int | None:
        """How it ended, negative for a signal; None before its start and while it runs."""
        return None if self._process is None else self._process.returncode

    async def start(self) -> None:
        """Start it and return when it takes calls.

        Raises ConfigurationError where it ended with status 2, SetupError where it ended otherwise or was too slow;
        both with its own last words. It is gone in either case.
        """
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise SetupError("The command setpriv is missing; install the package util-linux.")
        writing = await self.feed.open()
        try:
            with self._log.open("ab") as output:
                # SIGTERM when we die, so that the agent hangs up its calls; its workers watch it in turn. A process
                # group of its own: Ctrl-C reaches us alone, and we stop it as we do otherwise, calls and all.
                self._process = await asyncio.create_subprocess_exec(
                    setpriv, "--pdeathsig", "TERM", "--", *self._argv, "--events-fd", str(writing),
                    stdin=DEVNULL, stdout=output, stderr=output, env=dict(self._env), pass_fds=(writing,),
                    process_group=0,
                )  # fmt: skip
        finally:
            os.close(writing)
        try:
            await self._until_ready(self._process)
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> int:
        """Return when it has ended, however it did: its status, negative for a signal. Raises SetupError as `pid`."""
        if self._process is None:
            raise SetupError("The agent was not started yet.")
        return await self._process.wait()

    async def stop(self) -> None:
        """End it: gracefully, then by force. Does nothing where none runs."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        await self.feed.close()

    async def _until_ready(self, process: Process) -> None:
        ended = asyncio.ensure_future(process.wait())
        try:
            waiting: list[asyncio.Future[Any]] = [self.feed.ready, ended]
            await asyncio.wait(waiting, timeout=READY_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
            if self.feed.ready.done() and not self.feed.ready.cancelled():
                return
            if not self.feed.ready.done() and not ended.done():
                raise SetupError(f"The agent was not ready after {READY_TIMEOUT_S:g} s; see {self._log}.")
            status = await asyncio.wait_for(asyncio.shield(ended), STOP_TIMEOUT_S)
        except TimeoutError:
            raise SetupError(f"The agent closed its events before it was ready; see {self._log}.") from None
        finally:
            ended.cancel()
        if status == BROKEN_CONFIGURATION:
            raise ConfigurationError(self._last_words())
        raise SetupError(f"The agent ended while it started (status {status}): {self._last_words()}")

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return "\n".join(lines[-_TAIL_LINES:]) or f"it said nothing; see {self._log}."
