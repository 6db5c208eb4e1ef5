"""A real call as a collector of OpenTelemetry sees it, and as Rails finds it in its own traces."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.domain.trace_context import TraceContext
from agent.settings import StoreSettings
from agent.store.api_keys import ApiKeys, Scope
from agent.store.engine import Store
from tests.acceptance.theatre import GOODBYE, LISTEN, theatre
from tests.integration.ops.collector import attributes, collector

pytestmark = pytest.mark.asyncio(loop_scope="session")
OF_RAILS = TraceContext(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)
QUESTION = "What are your opening hours on Saturday?"


async def test_a_call_its_answers_and_its_webhooks_are_one_trace(tmp_path: Path) -> None:
    told: list[tuple[str, str | None]] = []
    call_ended = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        event = await request.json()
        told.append((event["type"], request.headers.get("traceparent")))
        if event["type"] == "call.transcript.ready":
            call_ended.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/events", take)
    async with TestServer(app) as rails, collector() as collected:
        async with theatre(tmp_path, {"tracing": {"otlp_endpoint": collected.url}}) as opened:
            store = Store.of(StoreSettings(file=tmp_path / "record.db"))
            _, secret = await ApiKeys(store).create("tests", frozenset({Scope.ADMIN}), datetime.now(UTC))
            await store.close()
            root = f"http://127.0.0.1:{opened.http_port}"
            headers = {"Authorization": f"Bearer {secret}", "traceparent": OF_RAILS.header}
            async with aiohttp.ClientSession(root, headers=headers) as api:
                async with api.post("/v1/webhook_endpoints", json={"url": str(rails.make_url("/events"))}) as answer:
                    assert answer.status == 201
                played = await opened.play([LISTEN, {"say": QUESTION}, LISTEN, *GOODBYE])
                await asyncio.wait_for(call_ended.wait(), 60)
                await api.get(f"/v1/calls/{played.call['id']}")
        spans = collected.spans  # all of them: the server has ended
    call = TraceContext.of_call(played.call["id"])
    of_the_call = [span for span in spans if int.from_bytes(span.trace_id, "big") == call.trace_id]
    names = {span.name for span in of_the_call}
    assert {"call inbound", "turn caller", "turn agent", "answer", "transcription", "playout", "webhook"} <= names
    (whole,) = [span for span in of_the_call if span.name == "call inbound"]
    assert int.from_bytes(whole.span_id, "big") == call.span_id
    for span in of_the_call:
        if span.name.startswith(("turn", "answer")):
            assert whole.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
            assert span.parent_span_id == whole.span_id
    deliveries = {
        TraceContext(call.trace_id, int.from_bytes(s.span_id, "big")).header for s in of_the_call if s.name == "webhook"
    }
    assert {header for kind, header in told if kind.startswith("call.")} == deliveries
    (shown,) = [span for span in spans if span.name == "GET /v1/calls/{id}"]
    assert int.from_bytes(shown.trace_id, "big") == OF_RAILS.trace_id
    assert int.from_bytes(shown.parent_span_id, "big") == OF_RAILS.span_id
    assert attributes(shown)["call.id"] == played.call["id"]
    for turn in played.turns:
        assert turn["text"] not in repr(spans)
