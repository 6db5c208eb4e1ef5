"""Traces as a collector gets them, over HTTP and in protobuf."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from agent.domain.call import Call, CallStatus, Direction, EndedReason, transition
from agent.domain.events import CallChanged, Trouble, TurnEnded
from agent.domain.trace_context import TraceContext
from agent.domain.turns import Speaker, Timings, Turn
from agent.errors import ConfigurationError, WebhookError
from agent.ids import new_call_id
from agent.ops import otel
from agent.ops.call_traces import STAGES, CallTraces
from agent.ops.otel import Tracing
from agent.ops.tracing import tracing_of
from agent.settings import TracingSettings
from tests.integration.ops.collector import Collector, attributes, collector

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
CALLER, WORDS = "+4915112345678", "My grandmother is ill."
OF_RAILS = TraceContext.parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


@pytest_asyncio.fixture(name="collected")
async def _collected() -> AsyncIterator[Collector]:
    async with collector() as one:
        yield one


def tracing(url: str) -> Tracing:
    made = tracing_of(TracingSettings(otlp_endpoint=url, service_name="calls"), server="one")
    assert made is not None
    return made


def ns(seconds: float) -> int:
    return round((NOW.timestamp() + seconds) * 1_000_000_000)


async def test_a_call_is_one_trace_with_its_turns_and_the_stages_of_answers(collected: Collector) -> None:
    exporting = tracing(collected.url)
    traces = CallTraces(exporting)
    ringing = Call(new_call_id(), Direction.INBOUND, CALLER, "1000", "receptionist", CallStatus.RINGING, NOW)
    answered = transition(ringing, CallStatus.IN_PROGRESS, at=NOW + timedelta(seconds=1))
    ended = transition(
        answered,
        CallStatus.COMPLETED,
        at=NOW + timedelta(seconds=31),
        reason=EndedReason.CALLER_HANGUP,
        cpu_seconds=2.5,
    )
    timings = Timings(
        speech_ended=3.0, turn_ended=3.5, transcribed=3.3, first_token=3.6, first_clause=3.8, first_sound_queued=3.9,
        first_sound_played=4.0,
    )  # fmt: skip
    for event in (
        CallChanged(ringing.id, NOW, call=ringing),
        CallChanged(ringing.id, NOW, call=answered),
        TurnEnded(ringing.id, NOW, turn=Turn(1, Speaker.CALLER, WORDS, 2.0, 3.0)),
        TurnEnded(ringing.id, NOW, turn=Turn(2, Speaker.AGENT, WORDS, 4.0, 6.0, interrupted=True, timings=timings)),
        Trouble(ringing.id, NOW, code="stt_timeout", message=WORDS),
        CallChanged(ringing.id, NOW, call=ended),
    ):
        traces(event)
    await exporting.close()
    root_context = TraceContext.of_call(ringing.id)
    assert {int.from_bytes(span.trace_id, "big") for span in collected.spans} == {root_context.trace_id}
    (root,) = collected.named("call inbound")
    assert (int.from_bytes(root.span_id, "big"), root.parent_span_id) == (root_context.span_id, b"")
    assert (root.start_time_unix_nano, root.end_time_unix_nano) == (ns(0), ns(31))
    told = attributes(root)
    assert (told["call.status"], told["call.ended_reason"], told["call.cpu_seconds"]) == (
        "completed",
        "caller_hangup",
        2.5,
    )
    for name in ("turn caller", "turn agent", "answer", "trouble"):
        (span,) = collected.named(name)
        assert span.parent_span_id == root.span_id
    (answer,) = collected.named("answer")
    assert (answer.start_time_unix_nano, answer.end_time_unix_nano) == (ns(4.0), ns(5.0))
    stages = [span for span in collected.spans if span.parent_span_id == answer.span_id]
    assert [span.name for span in sorted(stages, key=lambda span: span.end_time_unix_nano)] == [
        "transcription", "endpointing", "first token", "first clause", "synthesis", "playout",
    ]  # fmt: skip
    assert {span.name for span in stages} == set(STAGES.values())
    ends = sorted((span.start_time_unix_nano, span.end_time_unix_nano) for span in stages)
    assert [start for start, _ in ends[1:]] == [end for _, end in ends[:-1]], "they follow each other"
    assert collected.resources[0]["service.name"] == "calls"
    assert collected.resources[0]["service.instance.id"] == "one"
    for kept_out in (CALLER, WORDS, "grandmother"):
        assert kept_out not in repr(collected.spans)


async def test_work_belongs_to_the_clients_trace_and_is_linked_to_the_call(collected: Collector) -> None:
    exporting = tracing(collected.url)
    call_id = new_call_id()
    about = {"http.route": "/v1/calls/{id}/say"}
    with exporting.span("POST", kind="server", parent=OF_RAILS, call_id=call_id, attributes=about) as span:
        inner = span.context
        span.set(http__response__status_code=202)
    with pytest.raises(WebhookError), exporting.span("tool.call", kind="client", call_id=call_id):
        raise WebhookError(WORDS, code="webhook_timeout")
    await exporting.close()
    assert OF_RAILS is not None
    (request,) = collected.named("POST")
    assert int.from_bytes(request.trace_id, "big") == OF_RAILS.trace_id == inner.trace_id
    assert int.from_bytes(request.parent_span_id, "big") == OF_RAILS.span_id
    assert int.from_bytes(request.span_id, "big") == inner.span_id
    assert int.from_bytes(request.links[0].trace_id, "big") == TraceContext.of_call(call_id).trace_id
    assert attributes(request)["http.response.status_code"] == 202
    (tool,) = collected.named("tool.call")
    assert int.from_bytes(tool.parent_span_id, "big") == TraceContext.of_call(call_id).span_id
    assert (attributes(tool)["error.type"], tool.status.code) == ("webhook_timeout", 2)
    assert WORDS not in repr(collected.spans)


async def test_a_collector_that_is_away_costs_no_more_than_a_full_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otel, "SEND_S", 0.2)
    monkeypatch.setattr(otel, "QUEUE", 100)
    exporting = tracing("http://127.0.0.1:1")
    for _ in range(5000):
        exporting.past("x", 0, 1)
    await exporting.close()


async def test_without_a_collector_nothing_is_loaded() -> None:
    assert tracing_of(TracingSettings(), server="one") is None


async def test_a_missing_library_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "agent.ops.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'phone-agent\[otel\]'"):
        tracing_of(TracingSettings(otlp_endpoint="http://127.0.0.1:4318"), server="one")


def test_an_address_that_is_none_is_refused() -> None:
    endpoint: Any = "collector:4318"
    with pytest.raises(ValueError, match="otlp_endpoint"):
        TracingSettings(otlp_endpoint=endpoint)
