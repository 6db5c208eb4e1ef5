"""A real call to an agent that keys an access code and understands keys, while there is a place for one call alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from agent.asterisk.bundles import bundle
from agent.personas import load_agents
from agent.rehearsal.cast import Cast
from agent.rehearsal.stage import Stage
from agent.testing.softphone import EndKind, Softphone
from agent.workers.loopback import free_port
from tests.acceptance.theatre import LLM

pytestmark = pytest.mark.asyncio(loop_scope="session")

METRICS_PORT = free_port("127.0.0.1", 0)
KEYING = load_agents(None)["receptionist"].model_copy(update={"name": "keying", "keys_on_answer": "42#"})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    cast = Cast({"keying": KEYING}, {"1000": "keying"})
    settings = {"capacity": {"max_calls": "1"}, "http": {"metrics_port": str(METRICS_PORT)}}
    prefix = await asyncio.to_thread(bundle, "asterisk")
    async with Stage(prefix, cast, tmp_path_factory.mktemp("keys"), llm=LLM, settings=settings) as opened:
        yield opened


async def metrics() -> dict[tuple[str, tuple[str, ...]], float]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{METRICS_PORT}/metrics") as answer,
    ):
        families = text_string_to_metric_families(await answer.text())
        return {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}


async def test_keys_both_ways_and_a_place_for_one(stage: Stage, tmp_path: Path) -> None:
    events: list[Mapping[str, Any]] = []
    changed = asyncio.Event()

    def watch(event: Mapping[str, Any]) -> None:
        events.append(event)
        changed.set()

    async def until(kind: str, count: int = 1) -> list[Mapping[str, Any]]:
        while len(found := [event for event in events if event["type"] == kind]) < count:
            changed.clear()
            await changed.wait()
        return found

    async with Softphone() as phone:
        with stage.feed.listening(watch):
            first = await phone.call(*stage.sip_address, "1000", recording=tmp_path / "first.wav")
            assert [await first.key() for _ in range(3)] == ["4", "2", "#"]
            await first.agent_started()
            second = await phone.call(*stage.sip_address, "1000", recording=tmp_path / "second.wav")
            end = await second.ended
            assert (end.kind, end.code) == (EndKind.REJECTED, 486)
            (refused,) = await until("call.refused")
            assert (refused["rule"], refused["calls"], refused["capacity"]) == ("busy", 1, 1)
            await first.press("77#")
            (entered,) = await until("dtmf.entered")
            assert entered["digits"] == "77"
            *_, answer = await until("turn.ended", 3)
            turns = [event["turn"] for event in events if event["type"] == "turn.ended"]
            assert [turn["text"] for turn in turns if turn["speaker"] == "caller"] == [
                "(The caller keyed 7 7 on the telephone.)"
            ]
            assert answer["turn"]["speaker"] == "agent"
            assert (await metrics())["phone_agent_calls_active", ()] == 1
            await first.hang_up()
            while not [one for one in await until("call.changed", 2) if one["call"]["status"] == "completed"]:
                changed.clear()
                await changed.wait()
    seen = await metrics()
    assert seen["phone_agent_calls_active", ()] == 0
    assert seen["phone_agent_calls_total", ("inbound", "caller_hangup", "completed")] == 1
    assert seen["phone_agent_calls_total", ("inbound", "limit_exceeded", "failed")] == 1
    assert seen["phone_agent_refused_calls_total", ("busy",)] == 1
    assert seen["phone_agent_key_entries_total", ()] == 1
    assert seen["phone_agent_frames_sent_total", ()] > 100
