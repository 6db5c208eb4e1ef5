"""A real `phone-agent serve` at a real Asterisk, killed and started again; its models live elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent.asterisk.instance import AsteriskInstance
from agent.rehearsal.environment import overrides, reaching
from agent.rehearsal.events import EventFeed
from agent.workers.loopback import free_port
from tests.integration.serve.killed.moments import Kind, Moments, Point
from tests.integration.serve.killed.nursery import Nursery


class Household:
    def __init__(
        self,
        asterisk: AsteriskInstance,
        database_url: str,
        models: Mapping[str, Mapping[str, str]],
        folder: Path,
        moments: Moments,
        nursery: Nursery,
    ) -> None:
        self.port = free_port("127.0.0.1", 0)
        self._moments = moments
        self._nursery = nursery
        self._log = folder / "serve.log"
        self._start_s = 1.0
        sections: dict[str, Mapping[str, str]] = {
            "media": {"bind": "127.0.0.1", "port": "0", "realtime": "false"},
            "http": {"bind": "127.0.0.1", "port": str(self.port), "metrics_port": "0"},
            "store": {"url": database_url},
            "agents": {"numbers": json.dumps({"1000": "receptionist"})},
            "capacity": {"max_calls": "8"},
            "webhooks": {"allowed_subnets": "127.0.0.1/32", "timeout_s": "5"},
            "log": {"format": "json"},
            **models,
        }
        self._env = {**reaching(asterisk, folder / "secrets"), **overrides(sections)}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """One that takes calls inside the block, and ends properly after it."""
        loop = asyncio.get_running_loop()
        began, feed = loop.time(), EventFeed()
        pid = await self._fork(feed)
        try:
            await feed.ready
            self._start_s = loop.time() - began
            yield
        finally:
            os.kill(pid, signal.SIGTERM)
            status = await self._nursery.ended()
            await feed.close()
        assert status == 0, f"it ended with {status}; see {self._log}"

    async def live_and_die(self, point: Point, up: asyncio.Event) -> None:
        """Start one and kill it at that point; `up` is set while it takes requests."""
        loop, feed = asyncio.get_running_loop(), EventFeed()
        pid = await self._fork(feed)
        timers: list[asyncio.TimerHandle] = []

        def kill() -> None:
            os.kill(pid, signal.SIGKILL)

        def aim(_ready: asyncio.Future[Any]) -> None:
            if point.kind is not None and not feed.ready.cancelled():
                up.set()
                fire = kill if point.after == 0 else lambda: timers.append(loop.call_later(point.after, kill))
                self._moments.aim(point.kind, point.nth, fire)

        if point.kind is None:
            timers.append(loop.call_later(point.after * self._start_s, kill))
        feed.ready.add_done_callback(aim)
        with feed.listening(lambda _event: self._moments.saw(Kind.EVENT)):
            status = await self._nursery.ended()
            for timer in timers:
                timer.cancel()
            up.clear()
            await feed.close()
        assert status == -signal.SIGKILL, f"it ended with {status}; see {self._log}"

    async def _fork(self, feed: EventFeed) -> int:
        writing = await feed.open()
        try:
            return await self._nursery.fork(self._env, self._log, writing)
        finally:
            os.close(writing)
