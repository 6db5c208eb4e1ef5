"""The house of a bench: a private Asterisk, an agent with real models, and a telephone that calls it."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from agent.bench.conversation.plan import Profile
from agent.domain.agent import Agent
from agent.errors import SetupError
from agent.rehearsal.cast import Cast
from agent.rehearsal.control import Control
from agent.rehearsal.events import CallFollower, EventFeed
from agent.rehearsal.moments import Watcher, nobody
from agent.rehearsal.performance import Performance
from agent.rehearsal.performer import perform
from agent.rehearsal.props import Props
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.stage import Stage
from agent.testing.softphone import PhoneCall, Softphone
from agent.testing.softphone.rtp import Pcm

Settings = Mapping[str, Mapping[str, str]]
"""Section → key → value of the agent's configuration, as text."""
Progress = Callable[[str], None]
FIRST_CALLER = 3001
EVERYBODY: Settings = {"capacity": {"max_calls": "1000"}}
"""The bench measures what many calls at once are like; the agent must not refuse them."""
_WORKERS = ("ears", "mouth", "mind")


@dataclass(frozen=True, slots=True)
class Dialled:
    """A call that was placed by hand."""

    call: PhoneCall
    follower: CallFollower
    """Its events so far, and whether the agent has told its end."""
    caller: str
    """The number it came from."""


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played; `agent.rehearsal.turn_results` joins its sound with the agent's account."""

    performance: Performance
    recording: Path
    """Two tracks: what the caller sent, and what came."""


class House:
    """`async with House(…)` has all of it running inside the block, ready for calls, and gone after it."""

    def __init__(
        self,
        prefix: Path,
        folder: Path,
        *,
        agents: Mapping[str, Agent],
        profile: Profile,
        control: Control | None = None,
        settings: Settings | None = None,
        progress: Progress = lambda _line: None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """`prefix` is `bundle("asterisk")`; `agents` by the number dialled, of different names; `settings` go over the
        profile's.

        No configuration file is read: only the variables of `environ` change the defaults.
        """
        self.folder = folder
        """For whatever a row wants to keep."""
        self.progress = progress
        """Takes a line that tells a waiting person what is going on."""
        self.kept: dict[str, Any] = {}
        """What a row leaves for others of the same house, so that the same calls are not made twice."""
        folder.mkdir(parents=True, exist_ok=True)
        defaults = folder / "defaults.toml"
        defaults.touch()
        cast = Cast({agent.name: agent for agent in agents.values()}, {n: agent.name for n, agent in agents.items()})
        self.stage = Stage(
            prefix,
            cast,
            folder / "stage",
            config=defaults,
            control=control,
            settings=_merged(_merged(EVERYBODY, profile.settings), settings or {}),
            environ=environ,
        )
        self._callers = itertools.count(FIRST_CALLER)
        self._guests: dict[str, psutil.Process] = {}
        self._stack = AsyncExitStack()
        self._phone: Softphone | None = None

    async def __aenter__(self) -> House:
        """Start everything. Raises SetupError, ConfigurationError or ModelError, with nothing left running."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.stage)
            self._phone = await stack.enter_async_context(Softphone())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything."""
        await self._stack.aclose()

    @property
    def phone(self) -> Softphone:
        """For calls that `dial` and `perform` cannot make."""
        if self._phone is None:
            raise SetupError("The house is used outside of its `async with` block.")
        return self._phone

    @property
    def feed(self) -> EventFeed:
        """The agent's events, of all calls."""
        return self.stage.feed

    def next_caller(self) -> str:
        """A number that no other call of this house has."""
        return str(next(self._callers))

    async def perform(self, scenario: Scenario, props: Props, *, watch: Watcher = nobody) -> Played:
        """Play one scenario as a call of its own number; several at once are fine.

        Raises SetupError where the agent's process has ended.
        """
        caller = self.next_caller()
        performance = await perform(
            scenario,
            props,
            phone=self.phone,
            server=self.stage.sip_address,
            caller=caller,
            feed=self.feed,
            recording=self.recording(caller),
            watch=watch,
        )
        self.check()
        return Played(performance, self.recording(caller))

    @asynccontextmanager
    async def dial(self, number: str, *, background: Pcm | None = None) -> AsyncIterator[Dialled]:
        """Place a call by hand; it is hung up when the block ends. The recording is `call.recording`."""
        caller = self.next_caller()
        follower = CallFollower(caller)
        with self.feed.listening(follower):
            host, port = self.stage.sip_address
            call = await self.phone.call(
                host, port, number, recording=self.recording(caller), user=caller, background=background
            )
            try:
                yield Dialled(call, follower, caller)
            finally:
                await call.hang_up()
        self.check()

    def recording(self, caller: str) -> Path:
        """Where the call from that number is recorded, two tracks."""
        return self.folder / f"call-{caller}.wav"

    def check(self) -> None:
        """Raises SetupError where the agent's process has ended."""
        if self.stage.agent_status is not None:
            raise SetupError(
                f"The agent's process has ended (status {self.stage.agent_status}); see {self.folder}/stage/agent.log."
            )

    def processes(self) -> dict[str, psutil.Process]:
        """All that answers calls, by name: agent, ears, mouth, mind, asterisk, what they started, and guests.

        The telephone and the bench itself are not among them.
        """
        roots = {"agent": self.stage.agent_pid, "asterisk": self.stage.asterisk.pid}
        found = dict(self._guests)
        for name, pid in roots.items():
            root = psutil.Process(pid)
            found[name] = root
            for child in root.children(recursive=True):
                found[_name(child)] = child
        return found

    @contextmanager
    def counting_in(self, name: str, pid: int) -> Iterator[None]:
        """Count a process as if it were the agent's own, for as long as the block lasts: for negative controls."""
        self._guests[name] = psutil.Process(pid)
        try:
            yield
        finally:
            del self._guests[name]


def _name(process: psutil.Process) -> str:
    command = process.cmdline()
    worker = next((name for name in _WORKERS if f"agent.workers.{name}" in command), None)
    return worker or f"{process.name()}-{process.pid}"


def _merged(base: Settings, over: Settings) -> dict[str, dict[str, str]]:
    return {section: {**base.get(section, {}), **over.get(section, {})} for section in {**base, **over}}
