"""`bench media`: real calls through a real Asterisk, an echo in place of the conversation, and what that costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from agent.asterisk.bundles import bundles
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from agent.bench.echo import CallRecord
from agent.bench.echo_client import EchoAgent, echo_agent
from agent.bench.load import Load, LoadMeter, resident_mb
from agent.bench.plan import MediaPlan
from agent.bench.sipp import CallPlan, Outcome, SippCallers
from agent.bench.verdict import failures, packets_sent
from agent.bench.witness import Testimony, witness
from agent.errors import SetupError
from agent.ops.conditions import conditions
from agent.ops.percentiles import summarise
from agent.ops.report import Failure, Measure, Report, measured

NUMBER, WARM_UP_NUMBER, WITNESS_NUMBER = "1000", "1001", "1002"
_MARGIN_S = 3.0
"""Every call outlasts the window by so much, however slowly the last one was answered."""
_WARM_UP = CallPlan(calls=1, rate=1, hold_s=1.0)
"""One call before all others, which loads what is loaded once."""

CLEARED_S = 10.0
"""The agent has cleared up after the last caller's BYE within it."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """What one number of calls gave."""

    calls: int
    measures: list[Measure]
    failures: list[Failure]
    cpu: Mapping[str, float]
    """Per cent of one core while all calls stood: agent, asterisk, sipp, other."""
    realtime: bool = False
    """Whether the agent ran with real-time scheduling."""

    @property
    def good(self) -> bool:
        """Whether nothing failed and every `must` was reached."""
        return not self.failures and all(measure.met is not False for measure in self.measures)


async def bench_media(plan: MediaPlan, run_dir: Path, *, command: str, progress: Progress) -> Report:
    """Measure each number of calls in its order.

    Raises SetupError where the first cannot be measured; where a later one cannot, that is a failure of it.
    """
    prefixes = await asyncio.to_thread(bundles, ["asterisk", "sipp"], progress)
    report = Report(command, {})
    steps: list[Step] = []
    for calls in plan.calls:
        progress(f"{calls} calls")
        folder = run_dir / f"{len(steps)}"
        asterisk = AsteriskInstance(prefixes["asterisk"], AsteriskConfig(insecure_callers=True), folder)
        try:
            await asterisk.start()
            report.conditions = report.conditions or await _conditions(asterisk, plan)
            steps.append(await _Run(asterisk, prefixes["sipp"], folder / "sipp", plan, calls).measure())
        except SetupError as error:
            if not steps:
                raise
            steps.append(Step(calls, [], [Failure("measurement", str(error))], {}))
        finally:
            await asterisk.stop()
    report.measures, report.failures = steps[0].measures, steps[0].failures
    report.conditions["realtime"] = steps[0].realtime
    report.details = {
        "steps": [{**asdict(step), "good": step.good} for step in steps],
        "limit": max((step.calls for step in steps if step.good), default=None),
    }
    return report


async def _conditions(asterisk: AsteriskInstance, plan: MediaPlan) -> dict[str, Any]:
    version = (await asterisk.rx("core show version")).split(" built ")[0].removeprefix("Asterisk ").strip()
    return conditions(
        asterisk=version, calls=plan.calls[0], seconds=plan.seconds, calls_per_second=plan.rate, codec="PCMU"
    )


class _Run:
    """One step."""

    def __init__(self, asterisk: AsteriskInstance, sipp: Path, run_dir: Path, plan: MediaPlan, calls: int) -> None:
        self._asterisk = asterisk
        self._sipp = sipp
        self._dir = run_dir
        ramp_s = (calls - 1) / plan.rate
        self._realtime = plan.realtime
        self._plan = CallPlan(calls, plan.rate, hold_s=ramp_s + plan.seconds + _MARGIN_S)
        self._seconds = plan.seconds
        self._sent: dict[str, float] = {}
        self._grown_mb: float | None = None
        self._load: Load | None = None
        self._testimony = Testimony(0, (), "not all calls stood at one time")

    async def measure(self) -> Step:
        config = self._asterisk.config
        login = {
            "ari_url": self._asterisk.ari_url, "ari_user": config.ari_user, "ari_password": config.ari_password,
            "app": config.app,
        }  # fmt: skip
        async with echo_agent(login, realtime=self._realtime) as agent:
            await self._call(agent, _WARM_UP, WARM_UP_NUMBER)
            callers = await self._call(agent, self._plan, NUMBER, measure=True)
            result = await agent.finish()
        records = [CallRecord(**record) for record in result["calls"] if record["number"] == NUMBER]
        failed, found = failures(self._plan, callers, records, result["refused"], self._sent)
        found += [Failure("witness", text) for text in self._doubts()]
        return Step(
            calls=self._plan.calls,
            measures=self._measures(failed, records, result),
            failures=found,
            cpu={} if self._load is None else {**self._load.cpu, "other": self._load.other_cpu},
            realtime=result["realtime"],
        )

    async def _call(self, agent: EchoAgent, plan: CallPlan, number: str, *, measure: bool = False) -> Outcome:
        callers = SippCallers(self._sipp, self._dir / number)
        idle_mb = resident_mb(agent.pid)
        await callers.start(self._asterisk.config.sip_port, number, plan)
        finishing = asyncio.create_task(callers.finish(plan.limit_s))
        standing = asyncio.create_task(agent.standing(plan.calls, plan.limit_s))
        try:
            if measure:
                await asyncio.wait({finishing, standing}, return_when=asyncio.FIRST_COMPLETED)
                if standing.done() and standing.result():
                    await self._watch(agent, callers, idle_mb)
            outcome = await finishing
        finally:
            for task in (finishing, standing):
                task.cancel()
            await asyncio.wait({finishing, standing})
            await callers.stop()
        await agent.standing(0, CLEARED_S)
        return outcome

    async def _watch(self, agent: EchoAgent, callers: SippCallers, idle_mb: float) -> None:
        """All calls stand: see what they cost."""
        before = packets_sent(await self._asterisk.rx("pjsip show channelstats"))
        meter = LoadMeter({"agent": agent.pid, "asterisk": self._asterisk.pid, "sipp": callers.pid})
        self._grown_mb = resident_mb(agent.pid) - idle_mb
        self._testimony = await witness(
            self._asterisk.config.sip_port, WITNESS_NUMBER, self._dir / "witness.wav", self._seconds
        )
        self._grown_mb = max(self._grown_mb, resident_mb(agent.pid) - idle_mb)
        try:
            self._load = meter.read()
        except psutil.NoSuchProcess as error:
            raise SetupError(f"The process {error.pid} ended while it was measured.") from error
        after = packets_sent(await self._asterisk.rx("pjsip show channelstats"))
        self._sent = {channel: (after.get(channel, 0) - sent) / self._load.seconds for channel, sent in before.items()}

    def _doubts(self) -> list[str]:
        said, heard = self._testimony.said, len(self._testimony.round_trips_ms)
        lost = [f"{said - heard} of {said} sounds did not come back"] if heard < said else []
        return [problem for problem in (self._testimony.problem, *lost) if problem]

    def _measures(self, failed: int, records: list[CallRecord], result: Mapping[str, Any]) -> list[Measure]:
        calls, sent = self._plan.calls, result["sent"]
        intervals = {percent: _ms(value) for percent, value in result["intervals"].items()}
        answers = summarise(record.answer_s * 1000 for record in records)
        first = summarise(record.first_frame_s * 1000 for record in records if record.first_frame_s is not None)
        echo = summarise(self._testimony.round_trips_ms)
        cpu = self._load.cpu if self._load is not None else {}
        return [
            measured("media.calls_failed", failed, count=calls),
            measured("media.frame_interval_p50", intervals["50"], count=sent),
            measured("media.frame_interval_p95", intervals["95"], count=sent),
            measured("media.frame_interval_p99", intervals["99"], count=sent),
            measured("media.frame_interval_max", _ms(result["max_interval"]), count=sent),
            measured("media.late_frames", 100 * result["late_share"], count=sent + result["skipped"]),
            measured("media.memory_per_call", None if self._grown_mb is None else self._grown_mb / calls, count=calls),
            measured("media.cpu_per_call", _shared(cpu.get("agent"), calls), count=calls),
            measured("media.asterisk_cpu_per_call", _shared(cpu.get("asterisk"), calls), count=calls),
            measured("media.answer_p95", answers.p95, count=answers.count),
            measured("media.first_frame_p95", first.p95, count=first.count),
            measured("media.echo_round_trip_p50", echo.p50, count=echo.count),
            measured("media.echo_round_trip_max", echo.max, count=echo.count),
        ]


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _shared(value: float | None, calls: int) -> float | None:
    return None if value is None else value / calls
