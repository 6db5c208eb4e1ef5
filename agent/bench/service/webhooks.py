"""`bench webhooks`: how many deliveries a second, what is lost when the sender is killed, and who waits for whom."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from agent.bench.child import Child, child
from agent.bench.conversation.processor import used_s
from agent.bench.service import backlog
from agent.bench.service.flaws import WEBHOOK_CONTROLS
from agent.bench.service.found import Found, each_store
from agent.bench.service.stores import bench_store
from agent.errors import ConfigurationError
from agent.ops.conditions import conditions
from agent.ops.percentiles import summarise
from agent.ops.processor_speed import processor_speed
from agent.ops.report import Failure, Report, measured
from agent.store.engine import Store

SENDER, RECEIVER = "agent.bench.service.sender", "agent.bench.service.receiver"
ROWS = ("killed-twice", "beside-bad-ones", "two-senders")
"""The last one on PostgreSQL alone: SQLite belongs to one server."""
TIMEOUT_S = 2.0
"""Of `webhooks.timeout_s` where a killed sender has no successor: what it held is free after twice as long."""
SLOWEST, PATIENCE_S = 20, 10
"""A look at every 10 s of so many a second; where nothing at all has come in them, nothing more is waited for."""
_SETTLE_S = 5.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WebhooksPlan:
    """What to measure."""

    stores: tuple[str, ...]
    postgresql_url: str = ""
    deliveries: int = 30_000
    """That wait when the sender starts."""
    events_per_second: float = 50.0
    """New ones, while a slow and a dead endpoint stand beside the good one."""
    seconds: float = 30.0
    """That they come."""
    seed: int = 1
    control: str | None = None
    rows: tuple[str, ...] = ROWS

    def __post_init__(self) -> None:
        """Raises ConfigurationError."""
        for row in self.rows:
            if row not in ROWS:
                raise ConfigurationError(f"--rows {row} is not known; known are {', '.join(ROWS)}.")
        if self.control is not None and self.control not in WEBHOOK_CONTROLS:
            raise ConfigurationError(f"--control {self.control} is not known; known are {', '.join(WEBHOOK_CONTROLS)}.")


async def bench_webhooks(plan: WebhooksPlan, run_dir: Path, *, command: str, progress: Progress) -> Report:
    """Measure on each store. Raises SetupError where the first cannot be measured; a later one is then a failure."""
    report = Report(command, conditions(seed=plan.seed, deliveries=plan.deliveries, control=plan.control))
    rows = await each_store(report, plan.stores, lambda name: _Bench(plan, name, run_dir, progress).measure())
    report.details = {"rows": rows}
    return report


class _Bench:
    """One store."""

    def __init__(self, plan: WebhooksPlan, name: str, run_dir: Path, progress: Progress) -> None:
        self._plan = plan
        self._name = name
        self._dir = run_dir
        self._progress = progress
        self._found = Found()

    async def measure(self) -> Found:
        rows = (self._killed_twice, self._beside_bad_ones, self._two_senders)
        for name, row in zip(ROWS, rows, strict=True):
            if name in self._plan.rows and not (name == "two-senders" and self._name == "sqlite"):
                await self._with_store(name, row)
        return self._found

    async def _with_store(self, name: str, row: Callable[[str, Store, Child], Awaitable[Mapping[str, Any]]]) -> None:
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(bench_store(self._name, self._plan.postgresql_url, self._dir))
            store = Store(url)
            stack.push_async_callback(store.close)
            receiver = await stack.enter_async_context(child(RECEIVER))
            before = (os.getloadavg()[0], processor_speed())
            self._progress(f"{self._name}: {name}")
            details = await row(url, store, receiver)
            after = (os.getloadavg()[0], processor_speed())
            self._found.details[name] = {
                **details, "load_average": [before[0], after[0]], "processor_speed_mb_s": [before[1], after[1]],
            }  # fmt: skip

    async def _killed_twice(self, url: str, store: Store, receiver: Child) -> Mapping[str, Any]:
        endpoint_id, waiting = await self._waiting(store, receiver)
        marks: list[tuple[int, float]] = []
        cpu_s: list[float] = []
        for share in (1 / 3, 2 / 3):
            async with self._sender(url, "one") as sender:
                await self._until(receiver, round(waiting * share))
                marks.append((self._arrived(receiver), time.time()))
                cpu_s.append(_cpu_s(sender))
                await sender.kill()
        async with self._sender(url, "one") as sender:
            await self._until(receiver, waiting)
            await sender.finish()
        result = await receiver.ask("result", 60, type="result")
        lasted = result["last_at"] - result["first_at"]
        alone = marks[0][0] / (marks[0][1] - result["first_at"]) if result["first_at"] else None
        self._add("per_second", result["events"] / lasted if lasted else None, result["events"])
        self._add("per_second_unkilled", alone, marks[0][0])
        self._add("sender_cpu_per_delivery", 1000 * cpu_s[0] / marks[0][0] if marks[0][0] else None, marks[0][0])
        self._add_loss("", waiting, result)
        return {**_counts(result), "waiting": waiting, "statuses": await backlog.statuses(store, endpoint_id)}

    async def _two_senders(self, url: str, store: Store, receiver: Child) -> Mapping[str, Any]:
        """Two servers share the database; one is killed and never comes back."""
        endpoint_id, waiting = await self._waiting(store, receiver)
        async with (
            self._sender(url, "one", timeout_s=TIMEOUT_S) as one,
            self._sender(url, "two", timeout_s=TIMEOUT_S) as two,
        ):
            await self._until(receiver, waiting // 2)
            await one.kill()
            await self._until(receiver, waiting)
            await two.finish()
        result = await receiver.ask("result", 60, type="result")
        lasted = result["last_at"] - result["first_at"]
        self._add("two_senders_per_second", result["events"] / lasted if lasted else None, result["events"])
        self._add_loss("two_senders_", waiting, result)
        return {**_counts(result), "waiting": waiting, "statuses": await backlog.statuses(store, endpoint_id)}

    async def _beside_bad_ones(self, url: str, store: Store, receiver: Child) -> Mapping[str, Any]:
        """New events for a good endpoint: alone, and beside one that takes 3 s for each and one that is not there."""
        plan, port = self._plan, receiver.latest["ready"]["port"]
        await backlog.endpoint(store, f"http://127.0.0.1:{port}/good", all_events=False)
        flow = {"type": "flow", "events_a_second": plan.events_per_second, "seconds": plan.seconds}
        async with self._sender(url, "one") as sender:
            delays, cpu_s = [], []
            for run in range(2):
                if run == 1:
                    await backlog.endpoint(store, f"http://127.0.0.1:{port}/slow", all_events=False)
                    await backlog.endpoint(store, f"http://127.0.0.1:{_closed_port()}/", all_events=False)
                before = _cpu_s(sender)
                await sender.ask("flowed", plan.seconds + 120, **flow, seed=plan.seed)
                await asyncio.sleep(_SETTLE_S)  # the last of them arrive, or are late by more than counts
                cpu_s.append(_cpu_s(sender) - before)
                result = await receiver.ask("result", 60, type="result")
                delays.append(summarise(result["delays_ms"]))
        alone, beside = delays
        self._add("delay_p50", alone.p50, alone.count)
        self._add("delay_p95", alone.p95, alone.count)
        self._add("delay_beside_bad_p50", beside.p50, beside.count)
        self._add("delay_beside_bad_p95", beside.p95, beside.count)
        both = alone.p95 is not None and beside.p95 is not None
        self._add("delay_growth_p95", (beside.p95 or 0) - (alone.p95 or 0) if both else None, beside.count)
        if beside.count < alone.count:
            self._found.failures.append(
                Failure(self._name, f"{alone.count - beside.count} events did not reach the good endpoint in time")
            )
        return {"max_ms": [alone.max, beside.max], "sender_cpu_s": cpu_s}

    async def _waiting(self, store: Store, receiver: Child) -> tuple[str, int]:
        endpoint_id = await backlog.endpoint(store, f"http://127.0.0.1:{receiver.latest['ready']['port']}/good")
        plan = self._plan
        waiting = await backlog.backlog(
            store, endpoint_id, seed=plan.seed, least=plan.deliveries, by_call=plan.control != "no-order"
        )
        return endpoint_id, waiting

    @asynccontextmanager
    async def _sender(self, url: str, server: str, *, timeout_s: float = 15) -> AsyncIterator[Child]:
        settings = {"allowed_subnets": ["127.0.0.1/32"], "timeout_s": timeout_s}
        async with child(SENDER, url=url, server=server, settings=settings, control=self._plan.control) as sender:
            yield sender

    async def _until(self, receiver: Child, events: int) -> None:
        """Until so many have arrived, or nothing comes any more."""
        arrived = 0
        while arrived < events:
            enough = min(events, arrived + SLOWEST * PATIENCE_S)
            await receiver.until(partial(self._has_arrived, receiver, enough), PATIENCE_S)
            if self._arrived(receiver) == arrived:
                return
            arrived = self._arrived(receiver)

    def _has_arrived(self, receiver: Child, events: int) -> bool:
        return self._arrived(receiver) >= events

    @staticmethod
    def _arrived(receiver: Child) -> int:
        return int(receiver.latest.get("count", {}).get("events", 0))

    def _add_loss(self, prefix: str, waiting: int, result: Mapping[str, Any]) -> None:
        self._add(f"{prefix}lost", waiting - result["events"], waiting)
        self._add(f"{prefix}doubled", result["doubled"], waiting)
        self._add(f"{prefix}out_of_order", result["out_of_order"], waiting)
        self._add(f"{prefix}sent_again", result["sent_again"], waiting)

    def _add(self, name: str, value: float | None, count: int) -> None:
        self._found.measures.append(measured(f"webhooks.{self._name}.{name}", value, count=count))


def _counts(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "delays_ms"}


def _cpu_s(sender: Child) -> float:
    return used_s({"sender": psutil.Process(sender.pid)}).get("sender", 0.0)


def _closed_port() -> int:
    """Where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
