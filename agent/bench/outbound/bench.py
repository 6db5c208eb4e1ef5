"""`bench outbound`: how fast calls go out, whether any is lost among many, what remains when the server is killed."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.asterisk.bundles import bundles
from agent.asterisk.config import AsteriskConfig, Trunk
from agent.asterisk.instance import AsteriskInstance
from agent.bench.child import Child, child
from agent.bench.outbound.orders import Application, planned, settled
from agent.bench.outbound.verdict import Ordered, Recorded, faults
from agent.bench.service.found import Found
from agent.bench.service.stores import bench_store
from agent.bench.sipp_callees import SippCallees
from agent.errors import ConfigurationError
from agent.ops.conditions import conditions
from agent.ops.percentiles import summarise
from agent.ops.processor_speed import processor_speed
from agent.ops.report import Failure, Report, measured
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from agent.testing.model_servers import ModelServers

SERVER = "agent.bench.service.server"
LINE = "line"
ROWS = ("pace", "hundred", "killed")
CONTROLS = {
    "slow-writes": "every transaction that writes takes half a second longer: INVITEs are late",
    "crossed": "one of twenty callees does something else than is expected of them: wrong statuses",
    "no-restart": "the killed server is not started again: its calls stay open",
}
PACE, RUSH = 5.0, 11.0
"""Orders a second: of the first row, and of the others, where 10 are asked for."""
HOLD_S = {"pace": 3.0, "hundred": 22.0, "killed": 8.0}
"""How long who answers stays: half of 11 a second for 22 s are 121 at once."""
OVER_S = 60.0
WITHIN_S = 30.0
"""After a restart."""
_ROOM = 300

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class OutboundPlan:
    """What to measure."""

    store: str = "sqlite"
    postgresql_url: str = ""
    calls: int = 330
    """Of the row `hundred`; half as many of `pace`."""
    killed_calls: int = 88
    """Orders of the row `killed`, in 8 s; the server is killed as soon as the last has its answer."""
    realtime: bool = True
    control: str | None = None
    rows: tuple[str, ...] = ROWS

    def __post_init__(self) -> None:
        """Raises ConfigurationError."""
        for row in self.rows:
            if row not in ROWS:
                raise ConfigurationError(f"--rows {row} is not known; known are {', '.join(ROWS)}.")
        if self.control is not None and self.control not in CONTROLS:
            raise ConfigurationError(f"--control {self.control} is not known; known are {', '.join(CONTROLS)}.")


async def bench_outbound(plan: OutboundPlan, run_dir: Path, *, command: str, progress: Progress) -> Report:
    """Measure each row with a server, an Asterisk and callees of its own. Raises SetupError."""
    prefixes = await asyncio.to_thread(bundles, ["asterisk", "sipp"], progress)
    report = Report(command, conditions(seed=0, calls=plan.calls, store=plan.store, control=plan.control))
    found = Found()
    for name in plan.rows:
        progress(f"{plan.store}: {name}")
        before = (os.getloadavg()[0], processor_speed())
        async with _Row(plan, name, run_dir / name, prefixes, found) as row:
            details = await row.measure()
        after = (os.getloadavg()[0], processor_speed())
        found.details[name] = {
            **details, "load_average": [before[0], after[0]], "processor_speed_mb_s": [before[1], after[1]],
        }  # fmt: skip
    report.measures, report.failures, report.details = found.measures, found.failures, {"rows": found.details}
    return report


class _Row:
    """One row, with all that it needs."""

    def __init__(self, plan: OutboundPlan, name: str, folder: Path, prefixes: Mapping[str, Path], found: Found) -> None:
        self._plan = plan
        self._name = name
        self._dir = folder
        self._found = found
        self._prefixes = prefixes
        self._stack = AsyncExitStack()
        self._callees = SippCallees(prefixes["sipp"], folder / "sipp", hold_s=HOLD_S[name])

    async def __aenter__(self) -> _Row:
        self._dir.mkdir(parents=True)
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(bench_store(self._plan.store, self._plan.postgresql_url, self._dir))
            self._store = Store(url)
            stack.push_async_callback(self._store.close)
            _, self._key = await ApiKeys(self._store).create("bench", frozenset({Scope.CALLS}), datetime.now(UTC))
            await stack.enter_async_context(self._callees)
            line = Trunk(LINE, "127.0.0.1", self._callees.port, "bench", registers=False)
            self._asterisk = AsteriskInstance(
                self._prefixes["asterisk"], AsteriskConfig(trunks=(line,)), self._dir / "asterisk"
            )
            await self._asterisk.start()
            stack.push_async_callback(self._asterisk.stop)
            models = await stack.enter_async_context(ModelServers())
            self._settings = self._of_server(url, models.settings)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def measure(self) -> Mapping[str, Any]:
        match self._name:
            case "pace":
                return await self._pace()
            case "hundred":
                return await self._hundred()
            case _:
                return await self._killed()

    async def _pace(self) -> Mapping[str, Any]:
        async with self._server() as server:
            orders = await self._order(server, self._plan.calls // 2, PACE)
            records = await settled(self._store, orders, OVER_S)
        invites = self._callees.invites()
        late_ms = [1000 * (invites[one.number][0] - one.posted_at) for one in orders if one.number in invites]
        summary = summarise(late_ms)
        for percent, value in (("p50", summary.p50), ("p95", summary.p95), ("max", summary.max)):
            self._add(f"invite_{percent}", value, summary.count)
        self._add("pace_wrong", self._wrong(orders, records), len(orders))
        return self._told(orders, records)

    async def _hundred(self) -> Mapping[str, Any]:
        async with self._server() as server:
            orders = await self._order(server, self._plan.calls, RUSH)
            records = await settled(self._store, orders, OVER_S)
            most = server.latest["standing"]["most"]
            await server.finish()
            sound = await server.expect("result", OVER_S)
        came = sorted(at for each in self._callees.invites().values() for at in each)
        lasted = came[-1] - came[0] if came else 0.0
        self._add("per_second", (len(came) - 1) / lasted if lasted else None, len(came))
        self._add("at_once", most, len(orders))
        self._add("wrong", self._wrong(orders, records), len(orders))
        channels = await self._channels()
        self._add("channels_left", channels, len(orders))
        frames = {name: sound[name] for name in ("sent", "late", "skipped", "max_lateness")}
        return {**self._told(orders, records), "frames": frames}

    async def _killed(self) -> Mapping[str, Any]:
        async with self._server() as server:
            orders = await self._order(server, self._plan.killed_calls, RUSH)
            open_then = sum(not one.status.terminal for one in (await settled(self._store, orders, 0)).values())
            await server.kill()
        began = time.time()
        if self._plan.control == "no-restart":
            records, ready_s = await settled(self._store, orders, 5), 0.0
        else:
            async with self._server():
                ready_s = time.time() - began
                records = await settled(self._store, orders, WITHIN_S)
                channels = await self._channels()
                self._add("killed_channels_left", channels, len(orders))
        died = began + ready_s
        ends = [one.ended_at for one in records.values() if one.ended_at is not None]
        still_open = sum(not one.status.terminal for one in records.values())
        settled_after = None if still_open else max(0.0, max(ends, default=died) - died)
        self._add("killed_settled_after", settled_after, open_then)
        self._add("killed_open", still_open, open_then)
        self._add("killed_wrong", self._wrong(orders, records, died=True), len(orders))
        twice = sum(len(each) > 1 for each in self._callees.invites().values())
        self._add("killed_called_twice", twice, len(orders))
        return {**self._told(orders, records), "open_at_the_kill": open_then, "ready_again_s": ready_s}

    async def _order(self, server: Child, count: int, per_second: float) -> list[Ordered]:
        self._callees.check()
        application = Application(f"http://127.0.0.1:{server.latest['ready']['http']}", self._key)
        orders = await application.order(list(planned(count, crossed=self._plan.control == "crossed")), per_second)
        refused = Counter(one.problem for one in orders if not one.call_id)
        self._found.failures += [
            Failure(f"{self._name}: orders", f"{times} were not accepted: {why}") for why, times in refused.items()
        ]
        return orders

    def _wrong(self, orders: Sequence[Ordered], records: Mapping[str, Recorded], *, died: bool = False) -> int:
        accepted = [one for one in orders if one.call_id]
        found = faults(((one, records.get(one.call_id)) for one in accepted), died=died)
        self._found.failures += found
        return len(found) + len(orders) - len(accepted)

    def _told(self, orders: Sequence[Ordered], records: Mapping[str, Recorded]) -> Mapping[str, Any]:
        outcomes = Counter(
            f"{one.kind.name.lower()}: {found.status}, {found.reason}"
            for one in orders
            if (found := records.get(one.call_id)) is not None
        )
        return {"ordered": len(orders), "outcomes": dict(sorted(outcomes.items())), "sipp": self._callees.words()}

    async def _channels(self) -> int:
        """In Asterisk, once they had a moment to go."""
        for _ in range(20):
            answer = await self._asterisk.rx("core show channels count")
            left = int(answer.split()[0])
            if left == 0:
                break
            await asyncio.sleep(0.5)
        return left

    def _server(self) -> Any:
        control = "slow-writes" if self._plan.control == "slow-writes" else None
        return child(SERVER, settings=self._settings, control=control)

    def _of_server(self, url: str, models: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        config = self._asterisk.config
        return {
            "asterisk": {
                "ari_url": self._asterisk.ari_url, "ari_user": config.ari_user, "ari_password": config.ari_password,
                "app": config.app, "ami_port": config.ami_port, "ami_user": config.ami_user,
                "ami_password": config.ami_password,
            },
            "media": {"port": 0, "realtime": self._plan.realtime},
            "http": {"port": 0, "metrics_port": 0, "requests_per_minute": 6000},
            "store": {"url": url},
            "capacity": {"max_calls": _ROOM},
            "outbound": {
                "allow": ["+"],
                "trunks": {LINE: {"endpoint": LINE, "max_calls": _ROOM, "calls_per_second": 100}},
            },
            **models,
        }  # fmt: skip

    def _add(self, name: str, value: float | None, count: int) -> None:
        self._found.measures.append(measured(f"outbound.{name}", value, count=count))
