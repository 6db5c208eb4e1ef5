"""Real calls for the acceptance tests: one Asterisk and one agent with real models for all of them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from agent.asterisk.bundles import bundle
from agent.rehearsal import props
from agent.rehearsal.cast import Cast
from agent.rehearsal.judge import Judgement, judge
from agent.rehearsal.moments import Moment, MomentKind
from agent.rehearsal.performance import Performance
from agent.rehearsal.performer import perform
from agent.rehearsal.rehearsal import with_own_ears
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.stage import Stage
from agent.settings import AgentsSettings, LlmSettings, Settings
from agent.store.webhook_endpoints import new_secret
from agent.testing.callees import Callee
from agent.testing.softphone import Softphone
from agent.testing.softphone.rtp import Pcm
from agent.testing.softphone.wire import Address
from agent.testing.trunk_peer import TrunkPeer
from agent.testing.voice import CallerVoice

APPLICATION_SECRET = new_secret()
"""Signs what applications are asked."""
LLM = "qwen2.5-coder-0.5b-instruct"
PATIENCE: Mapping[str, Mapping[str, str]] = {
    "stt": {"deadline_s": "30"},
    "llm": {"deadline_s": "30"},
    "tts": {"deadline_s": "30"},
    "turns": {"filler_after_ms": "0", "yield_limit_ms": "4000"},
}
"""With a slow machine: a model that was killed takes long to come back, "Let me see." is not the awaited answer, and
words by which a caller interrupts are understood late."""
GOODBYE: list[dict[str, Any]] = [{"say": "Thank you, goodbye."}, {"wait_for_end": {"timeout_s": 20}}]
LISTEN: dict[str, Any] = {"wait_for_agent": {"quiet_ms": 1500, "timeout_s": 60}}
TO_THE_ANSWER: dict[str, Any] = {"wait_for_agent": {"quiet_ms": 7000, "timeout_s": 60}}
"""Past an announcement of what is looked up, and the time that takes."""


@dataclass(frozen=True)
class Played:
    """One call that is over."""

    scenario: Scenario
    performance: Performance
    judgement: Judgement
    recording: Path

    @property
    def call(self) -> Mapping[str, Any]:
        """The call as the agent told it last."""
        calls: list[Mapping[str, Any]] = [
            event["call"] for event in self.performance.events if event["type"] == "call.changed"
        ]
        return calls[-1]

    @property
    def turns(self) -> list[Mapping[str, Any]]:
        return [event["turn"] for event in self.performance.events if event["type"] == "turn.ended"]

    def check(self) -> None:
        """Every expectation of the scenario was met."""
        failed = [f"{verdict.what}: {verdict.reason}" for verdict in self.judgement.verdicts if not verdict.passed]
        assert not failed, "\n".join(failed)


@dataclass(frozen=True)
class Town:
    """Telephones that the agent can call."""

    peer: TrunkPeer
    callees: dict[str, Callee]
    """Who has which number."""


class Theatre:
    """Plays scenarios, one after the other or at once."""

    def __init__(self, stage: Stage, folder: Path, *, first_caller: int = 3001) -> None:
        self.stage = stage
        self.folder = folder
        """Of the stage: its database is record.db."""
        self._folder = folder
        self._voice = CallerVoice()
        self._callers = itertools.count(first_caller)

    @property
    def http_port(self) -> int:
        """Where the agent's API is."""
        port: int = self.stage.feed.ready.result()["http"]
        return port

    async def voices(self, *texts: str) -> list[Pcm]:
        """What a person says, one sound for each text."""
        await self._voice.prepare(texts)
        return [await self._voice.speak(text) for text in texts]

    async def play(
        self,
        caller: list[dict[str, Any]],
        *expect: dict[str, Any],
        to: str = "1000",
        on: Mapping[MomentKind, Callable[[], object]] | None = None,
        **fields: Any,
    ) -> Played:
        """One call. `on`: what to do the first time that such a moment comes; `fields`: more of the scenario."""
        number = str(next(self._callers))
        scenario = Scenario.model_validate(
            {"name": f"call {number}", "to": to, "caller": caller, "expect": expect, **fields}
        )
        texts = [said.text for step in scenario.caller if (said := step.utterance) and said.text]
        await self._voice.prepare(texts)
        pending = dict(on or {})

        def watch(moment: Moment) -> None:
            if action := pending.pop(moment.kind, None):
                action()

        recording = self._folder / f"{number}.wav"
        sounds = await props.prepare(scenario, self._voice.speak)
        async with Softphone() as phone:
            performance = await perform(
                scenario,
                sounds,
                phone=phone,
                server=self.stage.sip_address,
                caller=number,
                feed=self.stage.feed,
                recording=recording,
                watch=watch,
            )
        assert not pending, f"never happened: {list(pending)}"
        return Played(scenario, performance, judge(scenario, performance), recording)

    @asynccontextmanager
    async def asterisk_away(self) -> AsyncIterator[None]:
        """Leaves the block when the agent has lost Asterisk and found it again."""
        states: list[str] = []
        found = asyncio.Event()

        def watch(event: Mapping[str, Any]) -> None:
            if event["type"] == "server.asterisk":
                states.append(event["state"])
                if states[-1] == "connected":
                    found.set()

        with self.stage.feed.listening(watch):
            yield
            await asyncio.wait_for(found.wait(), 60)
        assert states[0] == "lost"

    def cpu_seconds_of_workers(self) -> float:
        """What ears, mouth and mind have taken since they were started."""
        return sum(
            sum(child.cpu_times()[:2])
            for child in psutil.Process(self.stage.agent_pid).children(recursive=True)
            if any(part.startswith("agent.workers.") for part in child.cmdline())
        )

    def kill(self, worker: str) -> None:
        """End the agent's process for ears, mouth or mind, as the kernel does when memory runs out."""
        found = [
            child
            for child in psutil.Process(self.stage.agent_pid).children(recursive=True)
            if f"agent.workers.{worker}" in child.cmdline()
        ]
        assert len(found) == 1
        found[0].kill()


@asynccontextmanager
async def theatre(
    folder: Path,
    settings: Mapping[str, Mapping[str, str]] | None = None,
    *,
    first_caller: int = 3001,
    callees: Address | None = None,
) -> AsyncIterator[Theatre]:
    """Opens for the calls of the block; nothing is left running afterwards. `callees`: see Stage."""
    prefix = await asyncio.to_thread(bundle, "asterisk")
    webhooks = {"allowed_subnets": "127.0.0.1/32", "secret": APPLICATION_SECRET}
    settings = {**PATIENCE, "webhooks": webhooks, **(settings or {})}
    cast = Cast.of(AgentsSettings())
    async with Stage(prefix, cast, folder, llm=LLM, settings=settings, callees=callees) as stage:
        yield Theatre(stage, folder, first_caller=first_caller)


async def heard_by_our_ears(played: Played) -> Played:
    """The same call, judged with what our own ears make of the recording where the scenario asks for it."""
    settings = Settings(llm=LlmSettings(model=LLM))
    performance = await with_own_ears(played.scenario, played.performance, played.recording, settings)
    return replace(played, performance=performance, judgement=judge(played.scenario, performance))
