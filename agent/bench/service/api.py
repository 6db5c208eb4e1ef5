"""`bench api`: how quickly a store with a past is read over HTTP, and whether callers hear anything of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.asterisk.bundles import bundles
from agent.asterisk.config import AsteriskConfig
from agent.asterisk.instance import AsteriskInstance
from agent.bench.child import Child, child
from agent.bench.echo import CallRecord
from agent.bench.service.filled import Filled, fill
from agent.bench.service.flaws import API_CONTROLS
from agent.bench.service.found import Found, each_store
from agent.bench.service.requests import CALL, EVENTS, LIST, READING, TRAFFIC, TRANSCRIPT, UPDATE
from agent.bench.service.stores import bench_store
from agent.bench.sipp import CallPlan, Outcome, SippCallers
from agent.bench.verdict import failures
from agent.errors import ConfigurationError
from agent.ops.conditions import conditions
from agent.ops.percentiles import summarise
from agent.ops.processor_speed import processor_speed
from agent.ops.report import Failure, Report, measured
from agent.store.engine import Store
from agent.testing.model_servers import ModelServers

SERVER, LOAD = "agent.bench.service.server", "agent.bench.service.load"
CALLS, CALLS_PER_S = 20, 10.0
WARM_UP, IDLE, BUSY = "1000", "1001", "1002"
"""Numbers that callers dial, by which their calls are told apart."""
_ANSWERS_S = 60.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ApiPlan:
    """What to measure."""

    stores: tuple[str, ...]
    postgresql_url: str = ""
    calls: int = 100_000
    """In the store."""
    rate: float = 40.0
    """Requests a second while answers are timed."""
    seconds: float = 60.0
    """That answers are timed; half as long the calls stand, once without traffic and once with it."""
    seed: int = 1
    realtime: bool = True
    control: str | None = None
    traffic: float = 100.0
    """Requests a second beside the calls."""

    def __post_init__(self) -> None:
        """Raises ConfigurationError."""
        if self.control is not None and self.control not in API_CONTROLS:
            raise ConfigurationError(f"--control {self.control} is not known; known are {', '.join(API_CONTROLS)}.")


async def bench_api(plan: ApiPlan, run_dir: Path, *, command: str, progress: Progress) -> Report:
    """Measure on each store. Raises SetupError where the first cannot be measured; a later one is then a failure."""
    prefixes = await asyncio.to_thread(bundles, ["asterisk", "sipp"], progress)
    report = Report(command, conditions(seed=plan.seed, calls=plan.calls, control=plan.control))
    stores = await each_store(
        report, plan.stores, lambda name: _Bench(plan, name, run_dir / name, prefixes, progress).measure()
    )
    report.details = {"stores": stores}
    return report


class _Bench:
    """One store."""

    def __init__(
        self, plan: ApiPlan, name: str, folder: Path, prefixes: Mapping[str, Path], progress: Progress
    ) -> None:
        self._plan = plan
        self._name = name
        self._dir = folder
        self._prefixes = prefixes
        self._progress = progress
        self._found = Found()
        self._call_plan = CallPlan(CALLS, CALLS_PER_S, hold_s=CALLS / CALLS_PER_S + plan.seconds / 2)

    async def measure(self) -> Found:
        self._dir.mkdir(parents=True)
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(bench_store(self._name, self._plan.postgresql_url, self._dir))
            self._progress(f"{self._name}: filling it with {self._plan.calls:,} calls")
            filled = await self._filled(url)
            config = AsteriskConfig(insecure_callers=True)
            asterisk = AsteriskInstance(self._prefixes["asterisk"], config, self._dir / "asterisk")
            await asterisk.start()
            stack.push_async_callback(asterisk.stop)
            models = await stack.enter_async_context(ModelServers())
            settings = self._settings(url, asterisk, models.settings)
            server = await stack.enter_async_context(child(SERVER, settings=settings, control=self._plan.control))
            root = f"http://127.0.0.1:{server.latest['ready']['http']}"
            load = await stack.enter_async_context(child(LOAD, root=root, keys=filled.keys, known=asdict(filled.known)))
            before = (os.getloadavg()[0], processor_speed())
            self._progress(f"{self._name}: reading")
            read = await self._read(load)
            await self._called(asterisk, server, CallPlan(1, 1, hold_s=1.0), WARM_UP)
            self._progress(f"{self._name}: {CALLS} calls without traffic")
            idle = await self._called(asterisk, server, self._call_plan, IDLE)
            self._progress(f"{self._name}: {CALLS} calls with traffic")
            traffic_per_s, seed = self._plan.traffic, self._plan.seed
            load.send(type="traffic", per_second=traffic_per_s, seconds=3600, shares=TRAFFIC, seed=seed)
            busy = await self._called(asterisk, server, self._call_plan, BUSY)
            traffic = await load.ask("result", _ANSWERS_S, type="stop")
            await server.finish()
            self._judge(read, traffic, await server.expect("result", _ANSWERS_S), idle, busy)
            after = (os.getloadavg()[0], processor_speed())
        self._found.details.update(
            rows=filled.rows, load_average=[before[0], after[0]], processor_speed_mb_s=[before[1], after[1]]
        )
        return self._found

    async def _filled(self, url: str) -> Filled:
        store = Store(url)
        try:
            return await fill(store, seed=self._plan.seed, count=self._plan.calls)
        finally:
            await store.close()

    def _settings(
        self, url: str, asterisk: AsteriskInstance, models: Mapping[str, Mapping[str, str]]
    ) -> dict[str, Any]:
        config = asterisk.config
        return {
            "asterisk": {
                "ari_url": asterisk.ari_url, "ari_user": config.ari_user, "ari_password": config.ari_password,
                "app": config.app, "ami_port": config.ami_port, "ami_user": config.ami_user,
                "ami_password": config.ami_password,
            },
            "media": {"port": 0, "realtime": self._plan.realtime},
            "http": {"port": 0, "metrics_port": 0},
            "store": {"url": url},
            "agents": {"numbers": dict.fromkeys((WARM_UP, IDLE, BUSY), "receptionist")},
            "capacity": {"max_calls": 2 * CALLS},
            **models,
        }  # fmt: skip

    async def _read(self, load: Child) -> Mapping[str, Any]:
        plan = self._plan
        load.send(type="traffic", per_second=plan.rate, seconds=plan.seconds, shares=READING, seed=plan.seed)
        return await load.ask("result", plan.seconds + _ANSWERS_S, type="wait")

    async def _called(self, asterisk: AsteriskInstance, server: Child, plan: CallPlan, number: str) -> Outcome:
        callers = SippCallers(self._prefixes["sipp"], self._dir / number)
        await callers.start(asterisk.config.sip_port, number, plan)
        try:
            outcome = await callers.finish(plan.limit_s)
        finally:
            await callers.stop()
        await server.until(lambda: server.latest.get("standing", {}).get("calls") == 0, 10)
        return outcome

    def _judge(
        self,
        read: Mapping[str, Any],
        traffic: Mapping[str, Any],
        result: Mapping[str, Any],
        idle: Outcome,
        busy: Outcome,
    ) -> None:
        times = read["times_ms"]
        listed = summarise(times.get(LIST, ()))
        for percent, value in (("p50", listed.p50), ("p95", listed.p95), ("p99", listed.p99)):
            self._add(f"list_calls_{percent}", value, listed.count)
        timed = {CALL: times, TRANSCRIPT: times, EVENTS: times, UPDATE: traffic["times_ms"]}
        for kind, source in timed.items():
            summary = summarise(source.get(kind, ()))
            self._add(f"{kind}_p50", summary.p50, summary.count)
            self._add(f"{kind}_p99", summary.p99, summary.count)
        failed = {**read["failed"], **traffic["failed"]}
        self._found.failures += [Failure(what, f"{count} requests") for what, count in failed.items()]
        asked = sum(len(each) for part in (read, traffic) for each in part["times_ms"].values())
        self._add("failed", sum(failed.values()), asked + sum(failed.values()))
        records = [CallRecord(**record) for record in result["calls"]]
        lost = 0
        for number, outcome, name in ((IDLE, idle, "late_frames_idle"), (BUSY, busy, "late_frames")):
            ours = [record for record in records if record.number == number]
            bad, found = failures(self._call_plan, outcome, ours, [], {})
            lost += bad
            self._found.failures += found
            self._add(name, sum(record.late for record in ours) if ours else None, sum(r.sent for r in ours))
        self._add("calls_failed", lost, 2 * CALLS)
        under_load = {kind: asdict(summarise(each)) for kind, each in traffic["times_ms"].items()}
        self._found.details.update(
            realtime=result["realtime"], failed=failed, traffic_ms=under_load,
            read_ms={kind: asdict(summarise(each)) for kind, each in times.items()},
        )  # fmt: skip

    def _add(self, name: str, value: float | None, count: int) -> None:
        self._found.measures.append(measured(f"api.{self._name}.{name}", value, count=count))
