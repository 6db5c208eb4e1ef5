"""`bench api` and `bench webhooks` with little to do: real processes, databases, Asterisk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.bench.service.api import ApiPlan, bench_api
from agent.bench.service.webhooks import ROWS, WebhooksPlan, bench_webhooks
from agent.ops.report import Report
from agent.ops.targets import targets
from agent.testing.postgresql import PostgresServer

FEW = 900


def measures(report: Report, prefix: str) -> dict[str, Any]:
    return {measure.name.removeprefix(prefix): measure for measure in report.measures}


def expected(prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in targets() if name.startswith(prefix)}


async def test_webhooks_arrive_once_and_in_order_though_senders_are_killed(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.create_database()
    plan = WebhooksPlan(("postgresql",), postgres_server.url(name), deliveries=FEW, seconds=1, seed=1)
    report = await bench_webhooks(plan, tmp_path, command="bench webhooks", progress=lambda _said: None)
    postgres_server.drop_database(name)
    found = measures(report, "webhooks.postgresql.")
    assert set(found) == expected("webhooks.postgresql.")
    for each in ("lost", "doubled", "out_of_order"):
        for row in (each, f"two_senders_{each}"):
            assert (found[row].value, found[row].met) == (0, True), row
            assert found[row].count >= FEW
    rows = report.details["rows"]["postgresql"]
    assert rows["killed-twice"]["statuses"] == {"delivered": rows["killed-twice"]["waiting"]}
    assert set(rows) == set(ROWS)


@pytest.mark.parametrize(("control", "missed"), [("no-order", "out_of_order"), ("renamed", "doubled")])
async def test_a_fault_of_the_sender_is_found(control: str, missed: str, tmp_path: Path) -> None:
    plan = WebhooksPlan(("sqlite",), deliveries=FEW, seed=1, control=control, rows=("killed-twice",))
    report = await bench_webhooks(plan, tmp_path, command="bench webhooks", progress=lambda _said: None)
    found = measures(report, "webhooks.sqlite.")
    assert found[missed].met is False
    assert found["lost"].value == 0


async def test_the_api_is_measured_on_a_filled_store_and_beside_calls(tmp_path: Path) -> None:
    plan = ApiPlan(("sqlite",), calls=500, rate=20, seconds=4, seed=1, realtime=False, traffic=10)
    report = await bench_api(plan, tmp_path, command="bench api", progress=lambda _said: None)
    found = measures(report, "api.sqlite.")
    assert set(found) == expected("api.sqlite.")
    assert all(measure.value is not None and measure.count > 0 for measure in found.values())
    faults = [failure.what for failure in report.failures if ": 4" in failure.what]
    assert faults == [], "a busy machine may answer 503, which is no fault of the requests"
    assert found["calls_failed"].count == 40
    assert report.details["stores"]["sqlite"]["rows"]["calls"] == 500
