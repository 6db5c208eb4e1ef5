"""`phone-agent bus` as it is typed, and the metrics of the bus."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.bus.bus import Bus
from agent.commands import bus
from agent.domain.event_types import EventType
from agent.errors import ConfigurationError
from agent.ops.bus_metrics import BusMetrics
from agent.ops.metrics import Metrics
from agent.settings import BusSettings
from agent.store.engine import Store
from tests.integration.bus.relay_room import append

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHONE_AGENT_STORE__FILE", str(tmp_path / "bus.db"))
    return f"sqlite:///{tmp_path / 'bus.db'}"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(bus.app, list(arguments))
    if isinstance(result.exception, Exception):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_events_wait_are_skipped_and_published_again(url: str) -> None:
    async def ten_events() -> None:
        store = Store(url)
        async with store.write() as connection:
            for minute in range(10):
                at = NOON + timedelta(minutes=minute)
                await append(store, connection, "call_1", EventType.CALL_ANSWERED, at)
        await store.close()

    assert run("status") == "Up to 0 events wait; no server is publishing.\n"
    asyncio.run(ten_events())
    assert run("status") == "Up to 10 events wait; no server is publishing.\n"
    assert run("replay", "--since", "2027-01-01") == "Up to 10 events wait now.\n", "it only goes back"
    assert run("skip") == "Up to 10 events will not be published.\n"
    assert run("status") == "Up to 0 events wait; no server is publishing.\n"
    assert run("replay", "--since", "2026-03-01T12:07:00Z") == "Up to 3 events wait now.\n"
    assert run("replay", "--since", "2026-03-01T00:00:00") == "Up to 10 events wait now.\n"
    with pytest.raises(ConfigurationError, match="is no time"):
        run("replay", "--since", "yesterday")


async def test_a_url_of_something_else_is_refused(url: str) -> None:
    store = Store(url)
    with pytest.raises(ConfigurationError, match=r"^bus\.url: names no message queue"):
        Bus(store, BusSettings.model_validate({"url": "kafka://host"}), server="test")
    await store.close()


async def test_metrics_are_there_where_a_bus_is(url: str) -> None:
    store = Store(url)
    none, metrics = Metrics(), Metrics()
    none.add(BusMetrics(Bus(store, BusSettings(), server="test")))
    assert b"phone_agent_bus" not in none.exposition()
    away = Bus(store, BusSettings.model_validate({"url": "redis://127.0.0.1:1"}), server="test")
    metrics.add(BusMetrics(away))
    assert b"\nphone_agent_bus_up 1.0\n" in metrics.exposition()
    assert away.relay is not None
    away.relay.problem, away.relay.outbox.behind, away.relay.failures = "Redis is away.", 7, 2
    assert away.problem == "Redis is away. Up to 7 events wait."
    shown = metrics.exposition()
    for line in (b"bus_up 0.0", b"bus_backlog 7.0", b"bus_published_total 0.0", b"bus_failures_total 2.0"):
        assert b"\nphone_agent_" + line + b"\n" in shown
    await store.close()
