"""Processes of one kind that share a database, by the names that they have in its leases."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process


class Fleet:
    """Of `python -m MODULE ARGUMENTS`; each prints its name when it has begun."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._running: dict[str, Process] = {}

    async def start(self) -> None:
        process = await asyncio.create_subprocess_exec(*self._command, stdin=DEVNULL, stdout=PIPE)
        assert process.stdout is not None
        name = (await process.stdout.readline()).decode().strip()
        self._running[name] = process
        assert name, "it did not start"

    @property
    def names(self) -> frozenset[str]:
        """Of those that were not killed."""
        return frozenset(self._running)

    async def kill(self, name: str) -> None:
        """By SIGKILL, so that it cleans nothing up."""
        process = self._running.pop(name)
        process.kill()
        await process.communicate()

    async def close(self) -> None:
        for name in list(self._running):
            await self.kill(name)
