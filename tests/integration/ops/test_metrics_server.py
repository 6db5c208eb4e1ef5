"""/metrics as Prometheus gets it: over HTTP, on a port of its own."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from agent.dialog.speculation import Speculation
from agent.errors import ConfigurationError
from agent.media.server import AudioSocketServer
from agent.ops.metrics import Metrics, MetricsServer
from agent.ops.state_metrics import StateMetrics
from agent.settings import CapacitySettings, HttpSettings
from agent.telephony.capacity import Capacity
from agent.telephony.places import Places
from agent.workers.supervisor import Supervisor


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MetricsServer]:
    metrics = Metrics()
    places = Places(Capacity(CapacitySettings(max_calls=7)))
    metrics.add(StateMetrics(places, AudioSocketServer("127.0.0.1", 0), Supervisor(()), Speculation()))
    server = MetricsServer(HttpSettings(metrics_port=0), metrics)
    await server.start()
    yield server
    await server.close()


async def test_prometheus_can_read_it(server: MetricsServer) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}/metrics") as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
    assert families["phone_agent_capacity_calls"].samples[0].value == 7
    assert families["phone_agent_voice_to_voice_seconds"].type == "histogram"


async def test_there_is_nothing_else(server: MetricsServer) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/health/live", "/metrics/x"):
            async with session.get(f"http://127.0.0.1:{server.port}{path}") as answer:
                assert answer.status == 404


async def test_a_taken_port_is_named_with_its_key() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = MetricsServer(HttpSettings(metrics_port=port), Metrics())
        with pytest.raises(ConfigurationError, match=rf"http\.metrics_port: cannot listen on 127\.0\.0\.1:{port}"):
            await server.start()
