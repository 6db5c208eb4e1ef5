"""An Asterisk and a `serve` process that may be stopped in any way, and started again on the same record."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from agent.asterisk.bundles import bundle
from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.rehearsal.environment import overrides, reaching
from agent.rehearsal.server_process import ServerProcess
from agent.settings import StoreSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.store.migrate import migrate
from agent.testing.softphone import PhoneCall, Softphone
from agent.workers.loopback import free_port
from tests.acceptance.theatre import LLM

PATIENCE_S = 90


class Station:
    def __init__(
        self,
        asterisk: AsteriskInstance,
        folder: Path,
        settings: Mapping[str, Mapping[str, str]],
        environment: Mapping[str, str],
    ) -> None:
        self.asterisk = asterisk
        self.folder = folder
        self.phone = Softphone()
        self.events: list[Mapping[str, Any]] = []
        """Of the agent, in the order they came."""
        self.secret = ""
        self._settings = settings
        self._environment = environment
        self._calls = itertools.count(1)
        self._changed = asyncio.Event()
        self._server: ServerProcess | None = None
        self.log = folder / "agent.log"

    @property
    def server(self) -> ServerProcess:
        assert self._server is not None
        return self._server

    async def start(self) -> None:
        """A new process; its port is another one."""
        sections: dict[str, dict[str, str]] = {
            "media": {"bind": "127.0.0.1", "port": str(free_port("127.0.0.1", 0))},
            "http": {"bind": "127.0.0.1", "port": "0", "metrics_port": "0"},
            "store": {"file": str(self.folder / "record.db"), "url": ""},
            "llm": {"model": LLM, "base_url": ""},
            "webhooks": {"allowed_subnets": "127.0.0.1/32"},
        }
        for name, values in self._settings.items():
            sections[name] = sections.get(name, {}) | dict(values)
        self._server = ServerProcess(
            [sys.executable, "-m", "agent", "serve"],
            env={
                **reaching(self.asterisk, self.folder / "secrets", os.environ),
                **overrides(sections),
                **self._environment,
            },
            log=self.log,
        )
        await self._server.start()
        self._listening = self._server.feed.listening(self._note)
        self._listening.__enter__()

    @property
    def ports(self) -> Mapping[str, int]:
        return self.server.feed.ready.result()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.server.pid, number)

    async def ended(self) -> int:
        """The process' status once it is gone."""
        status = await asyncio.wait_for(self.server.wait(), PATIENCE_S)
        await self.server.feed.close()
        return status

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def told(self, kind: str, count: int = 1) -> list[Mapping[str, Any]]:
        """Events of that type, once there are so many."""

        def found() -> list[Mapping[str, Any]]:
            return [event for event in self.events if event["type"] == kind]

        await self.until(lambda: len(found()) >= count)
        return found()

    async def until_quiet(self, left: Callable[[Station], Awaitable[tuple[list[str], list[str]]]]) -> None:
        """Return when Asterisk has neither channel nor bridge."""
        async with asyncio.timeout(PATIENCE_S):
            while any(await left(self)):  # noqa: ASYNC110 - it can be asked, and tells nobody by itself
                await asyncio.sleep(0.2)

    async def dial(self, number: str = "1000") -> PhoneCall:
        recording = self.folder / f"call{next(self._calls)}.wav"
        return await self.phone.call("127.0.0.1", self.asterisk.config.sip_port, number, recording=recording)

    async def talking(self) -> PhoneCall:
        """A call that has heard the greeting to its end."""
        so_far = len([event for event in self.events if event["type"] == "turn.ended"])
        call = await self.dial()
        assert await call.answered
        await self.told("turn.ended", so_far + 1)
        return call

    @asynccontextmanager
    async def api(self) -> AsyncIterator[aiohttp.ClientSession]:
        """With an administrator's key."""
        root = f"http://127.0.0.1:{self.ports['http']}"
        headers = {"Authorization": f"Bearer {self.secret}"}
        async with aiohttp.ClientSession(root, headers=headers) as session:
            yield session

    async def calls(self) -> list[dict[str, Any]]:
        """On record, oldest first, whether a server runs or not."""
        from agent.store import calls

        store = Store.of(StoreSettings(file=self.folder / "record.db"))
        try:
            async with store.read() as connection:
                found = await calls.listed(connection, calls.CallFilter(), limit=100, descending=False)
            return [call.as_json() for call in found]
        finally:
            await store.close()

    async def make_key(self) -> None:
        store = Store.of(StoreSettings(file=self.folder / "record.db"))
        await migrate(store)
        _, self.secret = await ApiKeys(store).create("tests", frozenset({Scope.ADMIN}), datetime.now(UTC))
        await store.close()

    async def close(self) -> None:
        await self.phone.close()
        if self._server is not None:
            await self._server.stop()

    def _note(self, event: Mapping[str, Any]) -> None:
        self.events.append(event)
        self._changed.set()


@asynccontextmanager
async def station(
    folder: Path,
    settings: Mapping[str, Mapping[str, str]] | None = None,
    environment: Mapping[str, str] | None = None,
    trunks: tuple[Trunk, ...] = (),
) -> AsyncIterator[Station]:
    """Both running and ready; gone after the block, however the agent was ended in it."""
    prefix = await asyncio.to_thread(bundle, "asterisk")
    async with AsyncExitStack() as stack:
        asterisk = AsteriskInstance(prefix, AsteriskConfig(insecure_callers=True, trunks=trunks), folder / "asterisk")
        await asterisk.start()
        stack.push_async_callback(asterisk.stop)
        opened = Station(asterisk, folder, settings or {}, environment or {})
        await opened.make_key()
        stack.push_async_callback(opened.close)
        await opened.start()
        yield opened
