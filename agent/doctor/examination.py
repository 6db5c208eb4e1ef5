"""All checks, in the order in which one builds on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from agent.doctor.asterisk import check_app, check_ari, check_modules, check_version
from agent.doctor.bus import check_bus
from agent.doctor.check import Check, Status, broken, failed, skipped
from agent.doctor.files import read_agents, read_configuration
from agent.doctor.loop_call import loop_call
from agent.doctor.machine import check_clock, check_disk, check_files, check_memory, places
from agent.doctor.manager import check_manager
from agent.doctor.models import check_models, check_voice_detection
from agent.doctor.ports import RunningAgent, check_http_port, check_media_port, find_running_agent
from agent.doctor.store import check_store, stop_switch
from agent.doctor.tone_check import judge, send_tones
from agent.doctor.trunks import check_outbound
from agent.domain.agent import Agent
from agent.errors import PhoneAgentError, TelephonyError
from agent.settings import Settings
from agent.telephony.ari import AriClient

log = structlog.get_logger()

Tell = Callable[[Check], None]
BEHIND_ARI = ("asterisk_version", "modules", "ari_app")


@dataclass(slots=True)
class Examination:
    """One run of the doctor. `tell` hears of each check as soon as it is made."""

    tell: Tell
    quick: bool = False
    """Do not start the models."""
    checks: list[Check] = field(default_factory=list)
    asterisk_ahead_s: float | None = None

    async def run(self, config: Path | None) -> list[Check]:
        """Look at everything; what cannot be looked at is skipped and says why."""
        settings, check = read_configuration(config)
        self._add(check)
        if settings is None:
            self._add(
                *(skipped(name, "the configuration is broken") for name in ("store", "asterisk", "tone_call", "models"))
            )
            return self.checks
        agents, check = read_agents(settings)
        self._add(check)
        running = await find_running_agent(settings.http)
        self._add(check_http_port(settings.http, running), check_media_port(settings.media, running))
        await self._survived("store", self._store(settings))
        await self._survived("outbound", self._outbound(settings))
        await self._survived("asterisk", self._asterisk(settings, running))
        await self._survived("tone_call", self._call(settings, running))
        self._add(check_clock(self.asterisk_ahead_s), *await check_bus(settings.bus))
        await self._survived("models", self._models(settings, agents, running))
        return self.checks

    async def _survived(self, name: str, part: Awaitable[None]) -> None:
        """A doctor who falls ill says so, and goes on."""
        try:
            await part
        except Exception as error:
            log.exception("doctor.failed", part=name)
            self._add(
                broken(
                    name, "internal_error", f"the doctor itself failed here ({type(error).__name__})",
                    "report it with what stands in the log above.",
                )
            )  # fmt: skip

    async def _store(self, settings: Settings) -> None:
        self._add(*await check_store(settings.store))

    async def _outbound(self, settings: Settings) -> None:
        is_sound = any(check.name == "store" and check.code in {"ok", "store_open_to_others"} for check in self.checks)
        switch = await stop_switch(settings.store) if is_sound else None
        self._add(check_outbound(settings.outbound, switch))

    async def _asterisk(self, settings: Settings, running: RunningAgent | None) -> None:
        async with AriClient(settings.asterisk) as ari:
            info, check = await check_ari(ari)
            self._add(check)
            if info is None:
                self._add(*(skipped(name, "ari is broken") for name in BEHIND_ARI))
            else:
                self._add(check_version(info.version), await _modules(ari), await check_app(ari, running))
        numbers, fallback = settings.agents.numbers, settings.capacity.fallback_context
        self._add(*await check_manager(settings.asterisk, numbers, fallback, settings.outbound.trunks))

    async def _call(self, settings: Settings, running: RunningAgent | None) -> None:
        in_the_way = [name for name in ("ari", "modules", "asterisk_version", "media_port") if self._is_broken(name)]
        if in_the_way:
            self._add(skipped("tone_call", f"{' and '.join(in_the_way)} must be mended first"))
            return
        try:
            async with loop_call(settings, any_port=running is not None) as call:
                self.asterisk_ahead_s = call.asterisk_ahead_s
                check = judge(await send_tones(call), call.setup_s)
        except PhoneAgentError as error:
            check = failed("tone_call", error, "see Asterisk's log.")
        self._add(check)

    async def _models(self, settings: Settings, agents: dict[str, Agent], running: RunningAgent | None) -> None:
        from agent.doctor.speech import PARTS, check_speech  # heavy

        voices = {agent.voice for agent in agents.values()}
        found, sizes = await check_models(settings, voices)
        self._add(*found, await check_voice_detection(), check_files(), check_disk(places(settings)))
        if running is None:
            self._add(check_memory(sizes))
        reason = self._why_no_speech(settings, agents, found)
        if reason:
            self._add(*(skipped(part, reason) for part in PARTS))
            return
        agent = agents[next(iter(settings.agents.numbers.values()))]
        call_works = any(
            check.name == "tone_call" and check.status in {Status.GOOD, Status.WARNING} for check in self.checks
        )
        self._add(*await check_speech(settings, agent, voices, running=running, through_call=call_works))

    def _why_no_speech(self, settings: Settings, agents: dict[str, Agent], models: list[Check]) -> str:
        if self.quick:
            return "--quick was given"
        if self._is_broken("agents") or not agents or not settings.agents.numbers:
            return "agents is broken"
        bad = [check.name for check in models if check.status is Status.BROKEN]
        return f"{' and '.join(bad)} must be mended first" if bad else ""

    def _is_broken(self, name: str) -> bool:
        return any(check.name == name and check.status is Status.BROKEN for check in self.checks)

    def _add(self, *checks: Check) -> None:
        for check in checks:
            self.checks.append(check)
            self.tell(check)


async def _modules(ari: AriClient) -> Check:
    try:
        return check_modules(await ari.modules())
    except TelephonyError as error:
        return failed("modules", error, "see Asterisk's log.")


def examine(config: Path | None, *, quick: bool, tell: Tell) -> list[Check]:
    """Run the doctor to its end."""
    return asyncio.run(Examination(tell, quick=quick).run(config))
