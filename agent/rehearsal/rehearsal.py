"""Rehearses scenarios one after the other: stage, call, judgement."""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from agent import configuration
from agent.asterisk.bundles import bundle
from agent.rehearsal import props
from agent.rehearsal.callee import perform_callee
from agent.rehearsal.cast import casts
from agent.rehearsal.control import Control
from agent.rehearsal.judge import Judgement, judge
from agent.rehearsal.moments import Watcher
from agent.rehearsal.own_ears import transcribe
from agent.rehearsal.performance import Performance
from agent.rehearsal.performer import perform
from agent.rehearsal.scenario import Scenario
from agent.rehearsal.stage import Stage
from agent.rehearsal.turn_results import turn_results
from agent.settings import Settings
from agent.testing.measure import read_tracks
from agent.testing.softphone import Softphone
from agent.testing.softphone.rtp import RATE
from agent.testing.voice import CallerVoice

FIRST_CALLER = 2001
"""Callers' numbers count from here, so that each call's events can be told from the others'."""
MARGIN_S = 0.2  # what our own ears hear before and after the agent's speech


@dataclass(frozen=True, slots=True)
class Plan:
    """How to rehearse."""

    folder: Path
    """For recordings, logs and private files."""
    config: Path | None = None
    """The agent's configuration; None: what `phone-agent serve` would take."""
    llm: str | None = None
    """Replaces `llm.model`."""
    control: Control | None = None

    def settings(self) -> Settings:
        """The configuration that the agent will have, as far as it does not depend on the stage."""
        settings = configuration.load(self.config)
        if self.llm is None:
            return settings
        llm = settings.llm.model_copy(update={"model": self.llm, "base_url": ""})
        return settings.model_copy(update={"llm": llm})


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One scenario, done."""

    file: Path
    scenario: Scenario
    performance: Performance
    judgement: Judgement
    recording: Path


@dataclass(frozen=True, slots=True)
class Show:
    """Whom to tell what while it goes on."""

    progress: Callable[[str], None]
    """A line about what is being prepared."""
    curtain: Callable[[Scenario], Watcher]
    """A scenario begins; returns who watches it."""
    done: Callable[[Rehearsed], None]


async def rehearse(scenarios: Sequence[tuple[Path, Scenario]], plan: Plan, show: Show) -> tuple[list[Rehearsed], str]:
    """Play and judge all scenarios; also returns Asterisk's version.

    Raises ConfigurationError, SetupError or ModelError where nothing can be rehearsed; nothing is left running.
    """
    settings = plan.settings()
    voice = CallerVoice()
    show.progress("Preparing the caller's voice")
    await voice.prepare(
        said.text for _, one in scenarios for step in one.steps if (said := step.utterance) and said.text
    )
    files = {id(scenario): file for file, scenario in scenarios}
    prefix = await asyncio.to_thread(bundle, "asterisk", show.progress)
    done: list[Rehearsed] = []
    version = ""
    for number, (cast, group) in enumerate(casts(settings.agents, [scenario for _, scenario in scenarios]), 1):
        folder = plan.folder / f"stage-{number}"
        show.progress("Starting Asterisk and the agent")
        async with AsyncExitStack() as stack:
            phone = await stack.enter_async_context(Softphone())
            called = await phone.listen(plan.folder) if any(one.outbound for one in group) else None
            stage = Stage(prefix, cast, folder, config=plan.config, llm=plan.llm, control=plan.control, callees=called)
            await stack.enter_async_context(stage)
            version = await stage.asterisk_version()
            for caller, scenario in zip(itertools.count(FIRST_CALLER), group, strict=False):
                recording = plan.folder / f"{_slug(scenario.name)}-{len(done) + 1}.wav"
                sounds = await props.prepare(scenario, voice.speak)
                watch = show.curtain(scenario)
                if scenario.outbound:
                    performance = await perform_callee(
                        scenario, sounds, phone=phone, order=stage.order, feed=stage.feed, recording=recording,
                        watch=watch,
                    )  # fmt: skip
                else:
                    performance = await perform(
                        scenario, sounds, phone=phone, server=stage.sip_address, caller=str(caller), feed=stage.feed,
                        recording=recording, watch=watch,
                    )  # fmt: skip
                if stage.agent_status is not None:
                    trouble = f"The agent's process has ended (status {stage.agent_status}); see {folder}/agent.log."
                    performance = replace(performance, troubles=(*performance.troubles, trouble))
                performance = await with_own_ears(scenario, performance, recording, settings)
                file = files[id(scenario)]
                done.append(Rehearsed(file, scenario, performance, judge(scenario, performance), recording))
                show.done(done[-1])
    return done, version


async def with_own_ears(
    scenario: Scenario, performance: Performance, recording: Path, settings: Settings
) -> Performance:
    """The performance with what we heard the agent say, in the turns of which the scenario expects it."""
    wanted = {one.turn for one in scenario.expect if one.agent_heard_as is not None}
    spans = {
        turn.turn: turn.agent_span
        for turn in turn_results(performance, scenario.turns)[0]
        if turn.turn in wanted and turn.agent_span is not None
    }
    if not spans:
        return performance
    _, received = await asyncio.to_thread(read_tracks, recording)
    sounds = {
        turn: received[max(0, round((span.start - MARGIN_S) * RATE)) : round((span.end + MARGIN_S) * RATE)]
        for turn, span in spans.items()
    }
    with tempfile.TemporaryDirectory(prefix="phone-agent-") as folder:
        return replace(performance, agent_heard=await transcribe(settings, sounds, Path(folder)))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "scenario"
