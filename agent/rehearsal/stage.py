"""The stage of a rehearsal: an Asterisk and an agent of our own, on free ports, gone when the curtain falls."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.errors import ConfigurationError, SetupError
from agent.rehearsal.cast import Cast
from agent.rehearsal.control import Control
from agent.rehearsal.delay_line import DelayLine
from agent.rehearsal.environment import overrides, reaching
from agent.rehearsal.events import EventFeed
from agent.rehearsal.office import LINE, line_settings, new_key, order
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.server_process import ServerProcess
from agent.testing.softphone.wire import Address
from agent.workers.loopback import free_port

LOOPBACK = "127.0.0.1"


class Stage:
    """`async with Stage(…)` has both running inside the block, ready for calls, and both gone after it."""

    def __init__(
        self,
        prefix: Path,
        cast: Cast,
        folder: Path,
        *,
        config: Path | None = None,
        llm: str | None = None,
        control: Control | None = None,
        settings: Mapping[str, Mapping[str, str]] | None = None,
        callees: Address | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """`prefix` is `bundle("asterisk")`; `folder` gets logs and private files; `llm` replaces `llm.model`.

        `callees`: the SIP address that takes every call out; without it the lines of the configuration count.
        `settings`: section → key → value, which go before the environment and the configuration.
        """
        control = control or Control()
        self._cast = cast if control.barge_in else cast.uninterruptible()
        self._folder = folder.resolve()
        self._config = config
        self._llm = llm
        self._control = control
        self._settings = settings or {}
        self._environ = environ
        self._stack = AsyncExitStack()
        self._server: ServerProcess | None = None
        self._calls_out = callees is not None
        self._key = ""
        lines = () if callees is None else (Trunk(LINE, *callees, "rehearsal", registers=False),)
        private = AsteriskConfig(insecure_callers=True, trunks=lines)
        self.asterisk = AsteriskInstance(prefix, private, self._folder / "asterisk")
        if control.echo and self._calls_out:
            raise ConfigurationError("--control echo answers calls and places none: leave outbound scenarios out.")

    @property
    def sip_address(self) -> tuple[str, int]:
        """Where callers without a password are let in."""
        return LOOPBACK, self.asterisk.config.sip_port

    @property
    def feed(self) -> EventFeed:
        """The agent's events."""
        return self._running.feed

    async def order(self, scenario: Scenario) -> str:
        """Have the agent call `callees`; the call's id. Raises TelephonyError where it does not take the order."""
        return await order(scenario, (LOOPBACK, self.feed.ready.result()["http"]), self._key)

    @property
    def agent_pid(self) -> int:
        """Process of the agent."""
        return self._running.pid

    @property
    def agent_status(self) -> int | None:
        """How the agent's process ended, negative for a signal; None while it runs."""
        return self._running.status

    @property
    def _running(self) -> ServerProcess:
        if self._server is None:
            raise SetupError("The stage is used outside of its `async with` block.")
        return self._server

    async def __aenter__(self) -> Stage:
        """Start both. Raises SetupError or ConfigurationError, with nothing left running."""
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End both."""
        await self._stack.aclose()

    async def asterisk_version(self) -> str:
        """Such as 22.10.1."""
        answer = await self.asterisk.rx("core show version")
        return answer.split()[1].partition("+")[0] if answer.startswith("Asterisk ") else answer.strip()

    async def _start(self, stack: AsyncExitStack) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        await self.asterisk.start()
        stack.push_async_callback(self.asterisk.stop)
        media_port = free_port(LOOPBACK, 0)
        bound = f"{LOOPBACK}:{media_port}"
        if self._control.bends_sound:
            line = DelayLine(self._control, (LOOPBACK, media_port))
            await line.start()
            stack.push_async_callback(line.close)
            bound = "{}:{}".format(*line.address)
        self._cast.write(self._folder / "agents")
        if self._calls_out:
            self._key = await new_key(self._folder / "record.db")
        module = ["agent.rehearsal.echo"] if self._control.echo else ["agent", "serve"]
        self._server = ServerProcess(
            [sys.executable, "-m", *module, *(["--config", str(self._config)] if self._config else [])],
            env=self._environment(media_port, bound),
            log=self._folder / "agent.log",
        )
        await self._server.start()
        stack.push_async_callback(self._server.stop)

    def _environment(self, media_port: int, advertise: str) -> dict[str, str]:
        sections: dict[str, dict[str, str]] = {
            "media": {"bind": LOOPBACK, "port": str(media_port), "advertise": advertise},
            "http": {"bind": LOOPBACK, "port": "0", "metrics_port": "0"},
            "store": {"file": str(self._folder / "record.db"), "url": ""},
            "recordings": {"folder": str(self._folder / "recordings")},
            "agents": {"folder": str(self._folder / "agents"), "numbers": json.dumps(dict(self._cast.numbers))},
        }
        if self._calls_out:
            sections["outbound"] = dict(line_settings())
        if self._llm is not None:
            sections["llm"] = {"model": self._llm, "base_url": ""}
        for section, values in self._settings.items():
            sections[section] = {**sections.get(section, {}), **values}
        return {**reaching(self.asterisk, self._folder / "secrets", self._environ), **overrides(sections)}
